import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import type { Diagnostic, NotEnforced } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** Slips that nobody would notice before the run, or ever: each is said, at its place. */

const steps = [{ shell: "sh", script: ":" }];
type Found = { readonly diagnostics: readonly Diagnostic[]; readonly notEnforced: readonly NotEnforced[] };

describe("slips in playbooks", () => {
  let cli: Cli;
  before(async () => {
    cli = await Cli.create();
    await cli.workspace.write("automation-scripts/0402_Unit.sh", "#!/bin/sh\n", 0o755);
  });
  after(async () => cli[Symbol.asyncDispose]());

  /** `severity code message`, or `listed where reason`, each with the text of its line. */
  const said = async (playbook: object): Promise<string[]> => {
    const path = await cli.workspace.write("playbooks/x.json", JSON.stringify(playbook, null, 1));
    const { stdout } = await cli.run(["playbooks", "validate", "playbooks/x.json", "--json"]);
    const { diagnostics, notEnforced } = JSON.parse(stdout) as Found;
    const lines = (await readFile(path, "utf8")).split("\n");
    return [
      ...diagnostics.map(
        ({ severity, message, line }) => `${severity}: ${message} | ${lines[(line ?? 1) - 1]?.trim()}`,
      ),
      ...notEnforced.map(({ where, reason }) => `listed: ${where}: ${reason}`),
    ];
  };
  const v3 = (jobs: object, more: object = {}, top: object = {}): object => ({
    ...top,
    metadata: { name: "x" },
    orchestration: { ...more, jobs },
  });

  const rows: readonly [what: string, playbook: object, said: readonly string[]][] = [
    [
      "a profile that names no stage",
      v3(
        { build: { name: "Build - all", steps } },
        { profiles: { p: { stages: ["build"], excludeStages: ["biuld"] } } },
      ),
      ['warning: the profile p names `biuld`, which is no stage | "biuld"'],
    ],
    [
      "a step that says two things",
      v3({ a: { steps: [{ run: "0402", script: ":" }] } }),
      ["listed: orchestration.jobs.a.steps[0].run: a step runs one thing, and of this one its `script` counts"],
    ],
    [
      "a part of a selector that matches nothing",
      v3({ a: { steps: [{ run: "0402, tag:nope, !0999" }] } }),
      ['warning: `tag:nope` matches no script | "run": "0402, tag:nope, !0999"'],
    ],
    [
      "a condition that asks for a stage that is not needed",
      v3({ a: { steps }, b: { if: "needs.a.result == 'success' && needs.b2.result != 'x'", steps } }),
      [
        `warning: \`needs.a\` is empty: b does not need a | "if": "needs.a.result == 'success' && needs.b2.result != 'x'",`,
        `warning: \`needs.b2\` is empty: b does not need a stage of that id | "if": "needs.a.result == 'success' && needs.b2.result != 'x'",`,
      ],
    ],
    [
      "an output of a step that is not there",
      v3({ a: { outputs: { v: "${{ steps.mkae.outputs.v }}" }, steps: [{ ...steps[0], id: "make" }] } }),
      ['warning: `steps.mkae` is empty: no step of a has that id | "v": "${{ steps.mkae.outputs.v }}"'],
    ],
    [
      "words in quotes, stages before, and what is needed, are no slips",
      v3({
        a: {
          steps: [
            { ...steps[0], id: "s", if: "'needs.x' != ''" },
            { ...steps[0], if: "steps.s.outcome != ''" },
          ],
        },
        b: { needs: "a", if: "needs.a.result == 'success'", steps },
        c: { after: "a", steps: [{ shell: "sh", script: "echo ${{ needs.a.result }}" }] },
      }),
      [],
    ],
    [
      "an action at no moment",
      v3({ a: { steps } }, { postActions: [{ ...steps[0], when: "allways" }] }),
      ['error: `when` must be always, success, failure or cancelled, not "allways" | "when": "allways"'],
    ],
    [
      "one action and one notification, where lists are expected",
      v3({ a: { steps } }, { postActions: steps[0], notifications: { on: "failure", log: true } }),
      [],
    ],
    [
      "a group without a name",
      v3({ a: { steps } }, { concurrency: { cancelInProgress: true } }),
      ['error: `orchestration.concurrency` has no `group` | "concurrency": {'],
    ],
    [
      "two ids that differ by case alone",
      v3({ a: { steps }, A: { steps } }),
      ['error: a and A are the same id: case is ignored | "A": {'],
    ],
    [
      "an order that names no stage",
      { name: "x", stages: { a: { scripts: ["0402"] } }, executionOrder: ["a", "z"] },
      ['warning: `executionOrder` names `z`, which is no stage | "z"'],
    ],
    [
      "another version",
      v3({ a: { steps } }, {}, { apiVersion: "aither/v9" }),
      ["listed: apiVersion: it is read as aither/v1, the only version there is"],
    ],
    [
      "a value for a called playbook that has none of that name",
      v3({ a: { uses: "playbook:called", with: { taget: "x" } } }),
      ["listed: a: with taget: the playbook declares no such variable; did you mean target? Scripts get it as it is"],
    ],
  ];
  const strict = {
    metadata: { name: "strict" },
    inputs: { n: { type: "integer", default: 1 }, must: { required: true } },
    orchestration: { jobs: { a: { steps: [{ shell: "sh", script: "echo {{n}} {{must}}" }] } } },
  };
  test("values of a call that cannot be, or are not there, are said where it calls", async () => {
    await cli.workspace.write("playbooks/strict.json", JSON.stringify(strict));
    const uses = "playbook:strict";
    const inputs = { x: { required: true } };
    assert.deepEqual(
      await said(
        v3(
          {
            a: { uses, with: { n: "five", must: 1 } },
            b: { uses, with: { N: "{{x}}", must: "{{x}}" } },
            c: { steps: [{ uses, with: { n: 2 } }] },
            d: { if: "false", uses },
          },
          {},
          { inputs },
        ),
      ),
      [
        // In the called playbook, which has one line.
        "error: the variable `must` has no value | {",
        'warning: the input `x` has no value | "x": {',
        'error: the variable `n`: "five" is no integer | "n": "five",',
        'warning: the variable `x` has no value | "N": "{{x}}",',
        'warning: the variable `x` has no value | "must": "{{x}}"',
        'error: the input `must` has no value | "with": {',
        'warning: the input `must` has no value | "uses": "playbook:strict"',
      ],
    );
    const refused = await cli.run(["orch", "x", "--var", "x=six"]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /playbooks\/x\.json:\d+:\d+: .*the variable `n`: "five" is no integer/);
    assert.match(refused.stderr, /change it in the call's `with`/);
    assert.match(refused.stderr, /"six" is no integer/);
  });

  for (const [what, playbook, expected] of rows) {
    test(what, async () => {
      const called = {
        metadata: { name: "called" },
        inputs: { target: { default: "y" } },
        orchestration: { jobs: { a: { steps } } },
      };
      await cli.workspace.write("playbooks/called.json", JSON.stringify(called));
      assert.deepEqual(await said(playbook), expected);
    });
  }

  test("older formats: words that nobody knows, and an entry that says two things", async () => {
    const old = async (entry: string, top = ""): Promise<string[]> => {
      const text = `@{ Name = 'old'; ${top}\nSequence = @(@{ Script = '0402'; ${entry} }) }`;
      await cli.workspace.write("playbooks/old.psd1", text);
      const { stdout } = await cli.run(["playbooks", "validate", "playbooks/old.psd1", "--json"]);
      const { diagnostics, notEnforced } = JSON.parse(stdout) as Found;
      return [...diagnostics.map(({ message }) => message), ...notEnforced.map(({ where }) => where)];
    };
    assert.deepEqual(await old("Condition = @('$true', '$false')"), [
      "`Sequence[0].Condition` must be text, not a list",
    ]);
    assert.deepEqual(await old("Inline = 'exit 0'"), ["Sequence[0].Script"]);
    assert.deepEqual(await old("Playbook = 'called'"), ["Sequence[0].Script"]);
    assert.deepEqual(await old("", "ErrorHandling = @{ OnStageFailure = 'Explode' };"), [
      "ErrorHandling.OnStageFailure",
    ]);
    assert.deepEqual(await old("", "ErrorHandling = @{ OnStageFailure = 'Stop' };"), []);
    assert.deepEqual(await old("", "Configuration = @{ Mode = 'Wild' };"), ["Configuration.Mode"]);
    assert.deepEqual(await old("", "Configuration = @{ Mode = 'Sequential' };"), []);
  });

  test("a start tells of slips, the first five, and programs find all of them in the reply", async () => {
    const odd = { conditon: "x", steps: [{ ...steps[0], retires: 3 }] };
    const names = Object.fromEntries(["p1", "p2", "p3"].map((name) => [name, { stages: ["biuld"] }]));
    const text = v3({ build: odd }, { profiles: names }, { inputs: { count: { type: "number", default: 3 } } });
    await cli.workspace.write("playbooks/odd.json", JSON.stringify({ ...text, metadata: { name: "odd" } }, null, 1));
    const { code, stderr } = await cli.run(["orch", "odd", "--var", "coutn=4"]);
    assert.equal(code, 0, stderr);
    const lines = stderr.split("\n");
    assert.match(
      lines[0] ?? "",
      /^warning: `--var coutn`: the playbook declares no such variable — did you mean count\?/,
    );
    assert.match(
      stderr,
      /^playbooks\/odd\.json:\d+:\d+: warning: `retires` means nothing here — did you mean retries\?$/m,
    );
    assert.match(stderr, /^playbooks\/odd\.json:\d+:\d+: warning: `conditon` means nothing here$/m);
    assert.match(
      stderr,
      /^playbooks\/odd\.json:\d+:\d+: warning: .*`biuld`, which is no stage — did you mean build\?$/m,
    );
    assert.deepEqual([lines[5], lines[6]?.slice(0, 8)], ["and 1 more: aither validate odd", "Started "]);
    const validated = await cli.run(["validate", "odd"]);
    assert.equal(validated.code, 0);
    assert.match(validated.stderr, /^✓ odd is valid, with 5 warnings$/m);
    const strict = await cli.run(["validate", "odd", "--strict"]);
    assert.equal(strict.code, 2);
    assert.match(strict.stderr, /^✗ odd is valid, with 5 warnings, which --strict refuses$/m);
    const quiet = await cli.run(["orch", "odd", "--quiet"]);
    assert.doesNotMatch(quiet.stderr, /warning/);
    const detached = await cli.json<{ warnings: readonly Diagnostic[] }>("orch", "odd", "-d");
    const followed = await cli.json<{ warnings: readonly Diagnostic[] }>("orch", "odd");
    assert.deepEqual(detached.warnings, followed.warnings);
    assert.equal(detached.warnings.length, 5);
  });

  test("one action where a list is expected runs", async () => {
    const text = v3({ a: { steps } }, { postActions: { shell: "sh", script: "echo after" } });
    await cli.workspace.write("playbooks/lone.json", JSON.stringify({ ...text, metadata: { name: "lone" } }));
    assert.equal((await cli.run(["orch", "lone"])).code, 0);
    assert.equal((await cli.run(["logs", "latest", "--raw"])).stdout, "after\n");
  });
});
