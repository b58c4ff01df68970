import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { load } from "js-yaml";
import type { Diagnostic, JobDetail, Json, PlanView, Playbook } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

const vectors = join(import.meta.dirname, "../../../shared/workflows/expressions/matrix.json");

type Vector = {
  readonly name: string;
  readonly matrix_yaml: string;
  readonly expected: readonly { readonly matrix: Record<string, Json> }[];
};

/** What a playbook says is what runs: values, conditions, profiles, inputs, side by side and one after another. */

const note = (text: string, more: object = {}) => ({
  shell: "sh",
  script: `echo "${text}" >> "$HOME/ledger"`,
  ...more,
});

describe("what playbooks mean", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const write: Cli["orchestration"] = async (...given) => cli.orchestration(...given);
  const ledger = async (): Promise<string[]> => {
    const lines = await cli.workspace.text("ledger").catch(() => "");
    await cli.workspace.write("../ledger", "");
    return lines.split("\n").filter(Boolean);
  };
  const orch = async (...argv: string[]): Promise<number | null> => (await cli.run(["orch", ...argv])).code;

  test("variables: script over stage over caller over profile over defaults, merged; false, 0 and '' are values", async () => {
    await write("layers", {
      variables: { a: "default", b: "default", c: "default", d: "default", e: "default", f: true, g: 7, h: "text" },
      profiles: { p: { variables: { b: "profile", c: "profile", d: "profile", e: "profile", f: false, g: 0, h: "" } } },
      jobs: {
        one: {
          variables: { d: "stage", e: "stage" },
          steps: [note("{{a}} {{b}} {{C}} {{d}} {{e}} {{f}} {{g}} [{{h}}] {{none:={{a}}}}", { with: { e: "script" } })],
        },
        two: { needs: "one", steps: [note("{{d}} {{e}}")] },
      },
    });
    assert.equal(await orch("layers", "--profile", "p", "--var", "c=caller", "--var", "d=caller"), 0);
    assert.deepEqual(await ledger(), ["default profile caller stage script false 0 [] default", "caller profile"]);
  });

  test("a failure comes down `after` as down `needs`, a skip does not; success codes are beside 0 and 3010", async () => {
    await write("edges", {
      jobs: {
        broken: { steps: [{ shell: "sh", script: "exit 3" }] },
        behind: { after: "broken", steps: [note("behind")] },
        cleanUp: { after: "broken", if: "always()", steps: [note("clean-up")] },
        left: { if: "false", steps: [note("left")] },
        on: { after: "left", steps: [note("on")] },
        off: { needs: "left", steps: [note("off")] },
        codes: {
          successExitCodes: [7],
          steps: [{ shell: "sh", script: "exit 7" }, { shell: "sh", script: "exit 0" }, note("codes")],
        },
      },
    });
    assert.equal(await orch("edges"), 1);
    const { stages } = await cli.json<JobDetail>("jobs", "status", "latest");
    const ran = stages.filter(({ status }) => status === "Completed").map(({ id }) => id);
    assert.deepEqual(ran, ["cleanUp", "on", "codes"]);
    assert.deepEqual((await ledger()).toSorted(), ["clean-up", "codes", "on"]);
  });

  test("upstream's conditions decide stages, as written, and what nobody can decide needs --assume", async () => {
    const conditions: [condition: string, runs: boolean][] = [
      ["{{yes}}", true],
      ["!{{yes}}", false],
      ["{{no}} == false", true],
      ["{{undefined}}", false],
      ["'{{name}}' -eq 'RELEASE' -or {{no}}", true],
      ["$name -in @('debug', 'Release')", true],
      ["-not ($name -eq 'release')", false],
      ["$(yes) -and Variables.count -ge 3", true],
      ["{{count}} -lt 3", false],
      ["$Variables.name -like 'rel*'", true],
      ["always()", true],
      ["failure()", false],
    ];
    const stages = conditions.map(([condition], index) => ({
      name: `stage ${index}`,
      condition,
      sequence: ["0001"],
      variables: { which: String(index) },
    }));
    await cli.workspace.write(
      "automation-scripts/0001_Notes.sh",
      '#!/bin/sh\necho "$AITHER_VAR_WHICH" >> "$HOME/ledger"\n',
      0o755,
    );
    const variables = { yes: true, no: false, name: "release", count: 3 };
    await write("conditions", { defaultVariables: variables, stages });
    assert.equal(await orch("conditions"), 0);
    const wanted = conditions.flatMap(([, runs], index) => (runs ? [String(index)] : []));
    assert.deepEqual(await ledger(), wanted);
    await write("undecidable", {
      stages: [
        { name: "asks", condition: "Test-Path './x'", sequence: ["0001"], variables: { which: "asked" } },
        { name: "goes on", sequence: ["0001"], variables: { which: "after" } },
      ],
    });
    const refused = await cli.run(["orch", "undecidable"]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /undecidable\.json:\d+:\d+.*--assume true/s);
    assert.deepEqual(await ledger(), []);
    assert.equal(await orch("undecidable", "--assume", "false"), 0);
    assert.deepEqual(await ledger(), ["after"]);
    assert.equal(await orch("undecidable", "--assume", "true"), 0);
    assert.deepEqual(await ledger(), ["asked", "after"]);
    assert.equal((await cli.run(["orch", "undecidable", "--assume", "maybe"])).code, 2);
    const plan = await cli.json<PlanView>("playbooks", "plan", "undecidable");
    assert.deepEqual(
      plan.stages.map(({ decision }) => decision),
      ["undecided", "run"],
    );
  });

  test("inputs: typed, checked, required, with hints; a form can be made of what the API says", async () => {
    const inputs = {
      target: { type: "choice", enum: ["dev", "prod"], required: true, description: "Where to" },
      count: { type: "integer", default: 2 },
      ratio: { type: "number", default: 0.5 },
      deep: { type: "boolean", default: false, example: true },
      names: { type: "list", default: [] },
      extra: { type: "object", default: {} },
      label: { type: "string", default: "" },
    };
    const shown = "{{target}} {{count}} {{ratio}} {{deep}} {{names}} [{{label}}] ${{ inputs.count + 0 == 3 }}";
    await write("form", { jobs: { one: { steps: [note(shown.replace(" + 0", ""))] } } }, { inputs });
    const given = [
      "--var",
      "target=PROD",
      "--var",
      "count=3",
      "--var",
      "deep=yes",
      "--var",
      "names=a,b",
      "--var",
      "label=007",
    ];
    assert.equal(await orch("form", ...given), 0);
    assert.deepEqual(await ledger(), ["PROD 3 0.5 true a,b [007] true"]);
    const refusals: [flags: string[], words: RegExp][] = [
      [[], /the input `target` has no value \(Where to\)/],
      [["target=test"], /"test" is not one of dev, prod/],
      [["target=dev", "count=1.5"], /is no integer/],
      [["target=dev", "count=true"], /is no integer/],
      [["target=dev", "deep=3"], /is no boolean/],
      [["target=dev", "extra=[1]"], /is no object/],
      [["tarqet=dev"], /you gave `tarqet`/],
    ];
    for (const [flags, words] of refusals) {
      const { code, stderr } = await cli.run(["orch", "form", ...flags.flatMap((flag) => ["--var", flag])]);
      assert.equal(code, 2, flags.join(" "));
      assert.match(stderr, words);
    }
    assert.deepEqual(await ledger(), []);
    const { playbook } = await cli.json<{ playbook: Playbook }>("playbooks", "show", "form");
    assert.deepEqual(playbook.inputs, inputs);
    const slip = await cli.json<PlanView>("playbooks", "plan", "form", "--var", "target=dev", "--var", "cuont=3");
    assert.match(slip.notEnforced[0]?.reason ?? "", /did you mean count\?/);
  });

  test("inputs that cannot be are findings with their places", async () => {
    const inputs = {
      a: { type: "integr" },
      b: { type: "number", default: "many" },
      c: { type: "choice" },
      d: { enum: ["x", "y"], default: "z" },
    };
    await write("odd", { jobs: { one: { steps: [note("never")] } } }, { inputs });
    const { code, stdout } = await cli.run(["playbooks", "validate", "odd", "--json"]);
    assert.equal(code, 2);
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
    assert.deepEqual(
      diagnostics.map(({ code: what, line, fix }) => [what, line !== null, fix?.startsWith("did you mean integer")]),
      [
        ["unknown-type", true, true],
        ["wrong-default", true, false],
        ["no-choices", true, false],
        ["wrong-default", true, false],
      ],
    );
  });

  test("a lone template keeps its type, nested and in a condition", async () => {
    await write("types", {
      variables: { list: ["a", "b"], on: "{{flag}}", flag: true, limit: 2, map: { inner: ["{{limit}}"] } },
      jobs: {
        one: {
          if: "${{ vars.on == true && vars.map.inner[0] == 2 }}",
          matrix: { item: "{{list}}" },
          maxParallel: 1,
          steps: [note("${{ matrix.item }}", { retries: "{{limit}}" })],
        },
      },
    });
    assert.equal(await orch("types"), 0);
    assert.deepEqual(await ledger(), ["a", "b"]);
  });

  test("profiles: an allow-list, exclusions, overrides of a matrix; and the default profile", async () => {
    const profiles = {
      only: { stages: ["Two"] },
      without: { excludeStages: ["one", "Three"] },
      small: { overrides: { n: [3] } },
    };
    const matrix = { matrix: { n: [1, 2] }, maxParallel: 1 };
    await write("profiles", {
      order: "written",
      profiles,
      jobs: {
        one: { name: "One", steps: [note("one")] },
        two: { name: "Two", ...matrix, steps: [note("two ${{ matrix.n }}")] },
        three: { name: "Three - slow", steps: [note("three")] },
      },
    });
    assert.equal(await orch("profiles", "--profile", "only"), 0);
    assert.deepEqual(await ledger(), ["two 1", "two 2"]);
    assert.equal(await orch("profiles", "--profile", "WITHOUT"), 0);
    assert.deepEqual(await ledger(), ["two 1", "two 2"]);
    assert.equal(await orch("profiles", "--profile", "small"), 0);
    assert.deepEqual(await ledger(), ["one", "two 3", "three"]);
    const { code, stderr } = await cli.run(["orch", "profiles", "--profile", "smal"]);
    assert.equal(code, 2);
    assert.match(stderr, /did you mean small/);
  });

  test("a parallel group runs its jobs side by side, each with its own settings; Required = false may fail", async () => {
    const meets =
      '#!/bin/sh\n: > "$HOME/$AITHER_VAR_ME"; until [ -e "$HOME/$AITHER_VAR_OTHER" ]; do sleep 0.02; done\n';
    await cli.workspace.write("automation-scripts/0001_Meets.sh", meets, 0o755);
    await cli.workspace.write("automation-scripts/0002_Fails.sh", "#!/bin/sh\nexit 1\n", 0o755);
    const jobs = [
      { name: "a", sequence: ["0001"], variables: { me: "a", other: "b" } },
      { name: "b", sequence: ["0001"], variables: { me: "b", other: "a" }, timeout: 30, needs: ["a"] },
    ];
    await write("group", {
      stages: [
        { name: "Group", type: "parallel-group", jobs },
        { name: "Optional", sequence: ["0002"], required: false },
        { name: "Last", sequence: ["0001"], variables: { me: "c", other: "a" } },
      ],
    });
    assert.equal(await orch("group"), 0);
    const { stages, notEnforced } = await cli.json<JobDetail>("jobs", "status", "latest");
    assert.deepEqual(
      stages.map(({ status }) => status),
      ["Completed", "Completed", "Completed"],
    );
    assert.equal(stages[1]?.legs[0]?.scripts[0]?.status, "Failed");
    assert.deepEqual(
      notEnforced.map(({ where }) => where),
      ["orchestration.stages[0].jobs[1].needs"],
    );
  });

  test("a matrix has GitHub's legs, in GitHub's order, for every shared example", async (t) => {
    if (!existsSync(vectors)) return t.skip("skipped: no shared data");
    const { cases } = JSON.parse(readFileSync(vectors, "utf8")) as { cases: Vector[] };
    for (const { name, matrix_yaml, expected } of cases) {
      await write("cells", { jobs: { s: { matrix: load(matrix_yaml), steps: [note("x")] } } });
      const wanted = expected.map(({ matrix }) => Object.entries(matrix));
      if (wanted.length === 0) {
        const { code, stderr } = await cli.run(["playbooks", "plan", "cells"]);
        assert.deepEqual([code, /leaves nothing of this matrix/.test(stderr)], [2, true], name);
        continue;
      }
      const { stages } = await cli.json<PlanView>("playbooks", "plan", "cells");
      assert.deepEqual(
        stages[0]?.legs.map(({ matrix }) => Object.entries(matrix)),
        wanted,
        name,
      );
    }
  });
});
