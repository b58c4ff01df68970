import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { JobDetail, PlanView, ScriptView } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";

/** What a stage that calls a playbook says beside the call: it holds, it is refused, or it is listed. */

const sh = (script: string, more: object = {}) => ({ shell: "sh", script, ...more });

describe("settings of a stage that calls a playbook", () => {
  let cli: Cli;
  beforeEach(async () => {
    cli = await Cli.create();
  });
  afterEach(async () => cli[Symbol.asyncDispose]());

  const write: Cli["orchestration"] = async (...given) => cli.orchestration(...given);
  const orch = async (name = "outer") => (await cli.run(["orch", name])).code;
  const job = async (): Promise<JobDetail> => cli.json<JobDetail>("jobs", "status", "latest");
  const scripts = async (): Promise<ScriptView[]> =>
    (await job()).stages.flatMap(({ legs }) => legs.flatMap((leg) => leg.scripts));
  const attempts = async () => (await scripts()).map(({ attempts: tries }) => tries.length);
  const quick = { backoff: { initial: 0 } };

  test("retries, their exit codes and the time of silence hold for each step of it that says nothing else", async () => {
    await write("inner", {
      jobs: {
        one: { steps: [sh("exit 7", { continueOnError: true })] },
        own: { steps: [sh("exit 7", { retries: 0, continueOnError: true })] },
        other: { steps: [sh("exit 8", { continueOnError: true })] },
        fine: { steps: [sh("exit 9")] },
        silent: { steps: [sh("sleep 30", { retries: 0, continueOnError: true })] },
      },
    });
    const settings = {
      ...quick,
      retries: "{{tries}}",
      retryExitCodes: [7],
      successExitCodes: [0, 9],
      noOutputTimeout: 1,
    };
    await write("outer", { variables: { tries: 2 }, jobs: { call: { uses: "playbook:inner", ...settings } } });
    assert.equal(await orch(), 0);
    assert.deepEqual(await attempts(), [3, 1, 1, 1, 1]);
    const silent = (await scripts()).at(-1)!;
    assert.match(silent.reason, /wrote nothing for 1 s/);
    assert.deepEqual((await cli.json<PlanView>("playbooks", "plan", "outer")).notEnforced, []);
  });

  test("they go on into what that one calls, and of an entry of an older format they come as well", async () => {
    await write("innermost", { jobs: { one: { steps: [sh("exit 7")] } } });
    await write("inner", { jobs: { middle: { uses: "playbook:innermost" } } });
    await write("outer", { jobs: { call: { steps: [{ uses: "playbook:inner", retries: 2, ...quick }] } } });
    assert.equal(await orch(), 1);
    assert.deepEqual(await attempts(), [3]);
    const old = "@{ Name = 'old'; Sequence = @( @{ Playbook = 'inner'; RetryCount = 1; RetryDelay = 0 } ) }";
    await cli.workspace.write("playbooks/old.psd1", old);
    assert.equal(await orch("old"), 1);
    assert.deepEqual(await attempts(), [2]);
  });

  test("they reach a matrix that only the run knows", async () => {
    await write("inner", {
      jobs: {
        find: {
          outputs: { cells: "${{ steps.f.outputs.cells }}" },
          steps: [{ id: "f", ...sh('echo "cells=[1]" >> "$AITHER_OUTPUT"') }],
        },
        each: { needs: "find", matrix: { c: "${{ fromJSON(needs.find.outputs.cells) }}" }, steps: [sh("exit 7")] },
      },
    });
    await write("outer", { jobs: { call: { uses: "playbook:inner", retries: 1, ...quick } } });
    assert.equal(await orch(), 1);
    assert.deepEqual(await attempts(), [1, 2]);
  });

  test("of two time limits, the caller's and its own, the nearer one holds", async () => {
    for (const [outer, inner] of [
      [60, 1],
      [1, 60],
    ]) {
      await write("inner", { timeout: inner, jobs: { one: { steps: [sh("sleep 30")] } } });
      await write("outer", { jobs: { call: { uses: "playbook:inner", timeout: outer } } });
      assert.equal(await orch(), 1);
      const took = Date.parse((await job()).endedAt!) - Date.parse((await job()).startedAt!);
      assert.ok(took < 20_000, `${took} ms with ${outer} and ${inner}`);
    }
  });

  test("conditions of the stage and of the step both count, in whatever language each is written", async () => {
    await write("inner", { jobs: { one: { steps: [sh("true")] } } });
    const [yes, no] = [
      ["vars.go == 'yes'", "${{ vars.go == 'yes' }}", "'{{go}}' -eq 'yes'"],
      ["vars.go == 'no'", "${{ vars.go == 'no' }}", "'{{go}}' -eq 'no'"],
    ];
    const pairs = [...yes, ...no].flatMap((first) => [...yes, ...no].map((second) => [first, second] as const));
    const jobs = pairs.map(([first, second], index) => [
      `s${index}`,
      { if: first, steps: [{ uses: "playbook:inner", if: second }] },
    ]);
    await write("outer", { variables: { go: "yes" }, jobs: Object.fromEntries(jobs) as object });
    const { stages } = await cli.json<PlanView>("playbooks", "plan", "outer");
    const found = stages.filter(({ id }) => !id.includes("/")).map(({ decision }) => decision);
    assert.deepEqual(
      found,
      pairs.map((pair) => (pair.every((one) => yes.includes(one)) ? "run" : "skip")),
    );
  });

  test("what only steps of its own could mean is listed; steps of its own, and what is no playbook, are refused", async () => {
    await write("inner", { jobs: { one: { steps: [sh("true")] } } });
    const stage = { parallel: true, hooks: { before: "true" }, artifacts: "x", shell: "sh", workingDirectory: "." };
    const step = { undo: "true", cache: true, stdin: true, artifacts: "x" };
    await write("outer", { jobs: { call: { ...stage, steps: [{ uses: "playbook:inner", ...step }] } } });
    const { notEnforced } = await cli.json<PlanView>("playbooks", "plan", "outer");
    const names = notEnforced.map(({ what, where }) => `${where.includes("step") ? "step " : ""}${what}`);
    const wanted = [...Object.keys(stage), ...Object.keys(step).map((key) => `step ${key}`)];
    assert.deepEqual(names.toSorted(), wanted.toSorted());
    assert.match(
      (await cli.run(["playbooks", "validate", "outer"])).stdout,
      /stage call: hooks`: the steps of a called/,
    );
    for (const [wrong, message] of [
      [{ uses: "playbook:inner", steps: [sh("true")] }, /runs no steps of its own/],
      [{ uses: "actions/checkout@v4" }, /`uses: actions\/checkout@v4` cannot be run here/],
      [{ uses: "playbook:" }, /cannot be run here/],
    ] as const) {
      await write("outer", { jobs: { call: wrong } });
      const { code, stderr } = await cli.run(["orch", "outer"]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });
});

test("what surrounds the stages heeds a condition in any language", async () => {
  await using cli = await Cli.create();
  const note = (text: string) => sh(`echo ${text} >> "$HOME/ledger"`);
  const conditions = ["vars.go == 'no'", "${{ vars.go == 'no' }}", "'{{go}}' -eq 'no'", "x ${{ 1 }}"];
  const steps = conditions.map((condition, index) => ({ ...note(`n${index}`), if: condition }));
  const orchestration = {
    variables: { go: "yes" },
    hooks: { after: steps },
    postActions: steps,
    jobs: { one: { hooks: { after: steps }, steps: [note("ran")] } },
  };
  await cli.workspace.write("playbooks/around.json", JSON.stringify({ metadata: { name: "around" }, orchestration }));
  const ran = await cli.run(["orch", "around"]);
  assert.equal(ran.code, 0, ran.stderr);
  // The last one is a text with a template in it, which is true by GitHub's rule.
  assert.deepEqual((await cli.workspace.text("ledger")).trim().split("\n"), ["ran", "n3", "n3", "n3"]);
});
