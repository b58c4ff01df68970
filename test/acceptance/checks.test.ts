import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail, JobSummary, PlanView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** What must hold before anything starts, and when all has succeeded. */

describe("pre- and post-conditions", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
    await cli.workspace.write("automation-scripts/0001_Works.sh", '#!/bin/sh\necho ran >> "$HOME/ledger"\n', 0o755);
    await cli.workspace.write("automation-scripts/0002_Fails.sh", "#!/bin/sh\nexit 2\n", 0o755);
    await cli.workspace.write("src/a.txt", "a");
    await cli.workspace.write("src/b.txt", "b");
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  /** A v2 playbook with upstream's `validation`. */
  const old = async (validation: object, variables: object = {}): Promise<void> => {
    const orchestration = { defaultVariables: variables, stages: [{ name: "Work", sequence: ["0001"] }] };
    const text = { metadata: { name: "old" }, orchestration, validation };
    await cli.workspace.write("playbooks/old.json", JSON.stringify(text, null, 2));
  };
  const orch = async (...flags: string[]) => cli.run(["orch", "old", ...flags], { env: { SET: "value" } });
  const job = async (): Promise<JobDetail> => cli.json<JobDetail>("jobs", "status", "latest");

  test("one that does not hold forbids the start, with its message", async () => {
    const named = (name: string, condition: string) => ({ name, condition, message: `${name} is needed` });
    const holds = [
      named("branch", "'{{branch}}' -ne ''"),
      named("set", "$env:SET -and $env:SET.Length -gt 0"),
      named("git", "Get-Command sh -ErrorAction SilentlyContinue"),
      named("folder", "Test-Path './src' -and (Get-ChildItem 'src' -Filter '*.txt').Count -eq 2"),
      named("in", "$kind -in @('a', 'b')"),
      named("templated", "Test-Path '{{folder}}/a.txt'"),
    ];
    const variables = { branch: "main", kind: "B", folder: "src" };
    await old({ preConditions: holds }, variables);
    const started = await orch();
    assert.equal(started.code, 0, started.stderr);
    const broken = [
      named("no branch", "'{{branch}}' -eq ''"),
      named("no tool", "Get-Command no-such-tool"),
      named("no folder", "Test-Path './none' -or (Get-ChildItem 'none').Count -gt 0"),
    ];
    for (const check of broken) {
      await old({ preConditions: [...holds, check] }, variables);
      const { code, stderr } = await orch();
      assert.equal(code, 2, check.name);
      assert.match(stderr, new RegExp(`\`${check.name}\` does not hold: ${check.name} is needed`));
      assert.match(stderr, /see `preConditions` in the playbook/);
    }
    const { jobs } = await cli.json<{ jobs: JobSummary[] }>("jobs", "list");
    assert.equal(jobs.length, 1, "nothing else was started");
  });

  test("one that nobody can decide forbids the start, as any condition; --assume decides it, and that is listed", async () => {
    const pre = { name: "Rights", condition: "([Security.Principal.WindowsPrincipal]::Current).IsAdmin" };
    const post = { name: "Total", condition: "(wsl --status | Select-String 'WSL 2')" };
    for (const [key, check] of [
      ["preConditions", pre],
      ["postConditions", post],
    ] as const) {
      await old({ [key]: [check] });
      const refused = await orch();
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /^aither: playbooks\/old\.json:\d+:\d+: .*\n.*--assume true, or --assume false/);
      const { notEnforced } = await cli.json<PlanView>("playbooks", "plan", "old");
      assert.deepEqual(
        notEnforced.map(({ what, where }) => [what, where]),
        [[check.name, `orchestration.${key}[0]`]],
      );
      const validated = await cli.run(["playbooks", "validate", "old"]);
      assert.equal(validated.code, 0, "whoever starts it can still say");
      assert.match(validated.stdout, new RegExp(`not enforced: \`orchestration\\.${key}\\[0\\]\`.*--assume`));
    }
    await old({ preConditions: [pre], postConditions: [post] });
    assert.equal((await orch("--assume", "true")).code, 0);
    const { notEnforced } = await job();
    assert.deepEqual(
      notEnforced.map(({ what, reason }) => [what, reason.endsWith(", so it counts as true")]),
      [
        ["Rights", true],
        ["Total", true],
      ],
    );
    const refused = await orch("--assume", "false");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /`Rights` is taken not to hold/);
  });

  test("a number that only a script knows is listed as not checked", async () => {
    await old({ postConditions: [{ name: "Total", condition: "$results.TotalTests -gt 0" }] });
    const { notEnforced } = await cli.json<PlanView>("playbooks", "plan", "old");
    assert.deepEqual(notEnforced, [
      {
        what: "Total",
        where: "orchestration.postConditions[0]",
        reason: "nothing here knows `$results.TotalTests`, so it is not checked",
      },
    ]);
    assert.equal((await orch()).code, 0);
    assert.equal((await orch("--assume", "true")).code, 0);
    assert.equal((await orch("--assume", "false")).code, 1);
  });

  test("post-conditions look at files, outputs and results when the stages have succeeded", async () => {
    const v3 = async (postConditions: object[], more: object = {}): Promise<number | null> => {
      const tell = { id: "tell", shell: "sh", script: 'echo "failed=0" >> "$AITHER_OUTPUT"; mkdir -p made' };
      const orchestration = {
        postConditions,
        hooks: {
          onSuccess: [{ shell: "sh", script: 'echo good >> "$HOME/ledger"' }],
          onFailure: [{ shell: "sh", script: 'echo bad >> "$HOME/ledger"' }],
        },
        jobs: {
          unit: { steps: [tell, { run: "0001" }], outputs: { failed: "${{ steps.tell.outputs.failed }}" } },
          tolerated: { continueOnError: true, steps: [{ run: "0002" }] },
        },
        ...more,
      };
      await cli.workspace.write("playbooks/v3.json", JSON.stringify({ metadata: { name: "v3" }, orchestration }));
      return (await cli.run(["orch", "v3"])).code;
    };
    const holds = [
      { name: "made", condition: "Test-Path './made'" },
      { name: "outputs", condition: "$jobs.unit.outputs.failed -eq 0" },
      { name: "ours", condition: "${{ jobs.unit.outputs.failed == '0' }}" },
      { name: "completed", condition: "$results.Completed -contains '0001'" },
      { name: "failed", condition: "$results.Failed -contains '0002_Fails'" },
    ];
    assert.equal(await v3(holds), 0);
    const checks = (await job()).stages.find(({ name }) => name === "Postconditions");
    assert.deepEqual(
      checks?.legs[0]?.scripts.map(({ name, status }) => [name, status]),
      holds.map(({ name }) => [name, "Completed"]),
    );
    const broken = { name: "all passed", condition: "$results.Failed -notcontains '0002'", message: "0002 must pass" };
    assert.equal(await v3([broken, ...holds]), 1);
    const failed = await job();
    assert.match(failed.reason, /`Postconditions` failed: `all passed` ended with exit code 1/);
    const scripts = failed.stages.find(({ name }) => name === "Postconditions")?.legs[0]?.scripts;
    assert.deepEqual(
      scripts?.map(({ status }) => status),
      ["Failed", ...holds.map(() => "Completed")],
      "the others are looked at all the same",
    );
    assert.match((await cli.run(["logs", "latest"])).stdout, /does not hold\n.*0002 must pass/s);
    assert.deepEqual((await cli.workspace.text("ledger")).trim().split("\n"), ["ran", "good", "ran", "bad"]);
    // Also where the job's own criteria are content.
    assert.equal(await v3([broken], { successCriteria: { minimumSuccessCount: 1 } }), 1);
  });

  test("they are looked at after the death of the daemon, and not after a failure", async () => {
    const gate = join(cli.workspace.root, "gate");
    const orchestration = {
      postConditions: [{ name: "there", condition: "Test-Path 'there'" }],
      jobs: { one: { steps: [{ shell: "sh", script: `while [ ! -e '${gate}' ]; do sleep 0.05; done; touch there` }] } },
    };
    await cli.workspace.write("playbooks/long.json", JSON.stringify({ metadata: { name: "long" }, orchestration }));
    const id = (await cli.run(["orch", "long", "-d"])).stdout.trim();
    await waitFor("its start", async () => (await job()).stages[0]?.status === "Running");
    await cli.killDaemon();
    await writeFile(gate, "");
    assert.equal((await cli.run(["wait", id])).code, 0);
    await cli.workspace.write(
      "playbooks/fails.json",
      JSON.stringify({
        metadata: { name: "fails" },
        orchestration: { ...orchestration, jobs: { one: { steps: [{ run: "0002" }] } } },
      }),
    );
    assert.equal((await cli.run(["orch", "fails"])).code, 1);
    assert.equal((await job()).stages.find(({ name }) => name === "Postconditions")?.status, "Skipped");
  });

  test("what is wrong in one is said with its place", async () => {
    await old({ preConditions: [{ name: "no condition" }] });
    const { code, stderr } = await orch();
    assert.equal(code, 2);
    assert.match(stderr, /old\.json:\d+:\d+.*a condition is missing/s);
  });
});
