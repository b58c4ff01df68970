import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../testing/plans.ts";
import { World } from "../testing/world.ts";
import { detail } from "./detail.ts";
import { explain } from "./explain.ts";
import { progress } from "./progress.ts";
import { exitCodeOf, summary } from "./summary.ts";
import { resolveTarget } from "./target.ts";
import { rows } from "./tree.ts";

function sample(): World {
  return new World(
    planOf([
      { id: "build", name: "Build", scripts: [{ name: "0402_Run", number: "0402" }, "pack"] },
      { id: "test", needs: ["build"], matrix: { "os=a": null, "os=b": null }, maxParallel: 1 },
      { id: "ship", needs: ["test"], decision: "skip", reason: "excluded by profile quick" },
    ]),
  );
}

test("the words for what is going on", () => {
  const world = sample();
  world.started("build/0402_Run");
  const view = detail(world.state);
  assert.equal(view.status, "Running");
  assert.deepEqual(
    view.stages.map((stage) => [stage.status, stage.reason]),
    [
      ["Running", ""],
      ["Pending", "waits for `Build`"],
      ["Skipped", "excluded by profile quick"],
    ],
  );
  const scripts = view.stages.flatMap((stage) => stage.legs.flatMap((leg) => leg.scripts));
  assert.deepEqual(
    scripts.map((script) => [script.status, script.reason]),
    [
      ["Running", ""],
      ["Pending", "waits for `0402_Run`"],
      ["Pending", "waits for `Build`"],
      ["Pending", "waits for `Build`"],
      ["Skipped", "excluded by profile quick"],
    ],
  );
  assert.equal(scripts[0]?.attempts[0]?.pid, 1_001);
  const { total, ...parts } = view.counts;
  assert.equal(
    Object.values(parts).reduce((sum, part) => sum + part, 0),
    total,
  );
  assert.equal(view.exitCode, null);
  assert.equal(view.seq, world.events.length);
});

test("a script that failed, was retried and failed again tells it all", () => {
  const world = new World(planOf([{ id: "s", scripts: [{ name: "a", retries: 1 }] }]));
  world.exit("s/a", 3);
  const waiting = detail(world.state).stages[0]?.legs[0]?.scripts[0];
  assert.equal(waiting?.status, "Queued");
  assert.match(waiting?.reason ?? "", /^ended with exit code 3; attempt 2 comes at 20\d\d-/);
  world.pass(1_000);
  world.exit("s/a", 4);
  const script = detail(world.state).stages[0]?.legs[0]?.scripts[0];
  assert.deepEqual(
    script?.attempts.map((tried) => [tried.status, tried.exitCode]),
    [
      ["Failed", 3],
      ["Failed", 4],
    ],
  );
  assert.equal(script?.exitCode, 4);
  assert.equal(script?.reason, "ended with exit code 4");
  assert.equal(summary(world.state).reason, "`s` failed: `a` ended with exit code 4 (2 attempts)");
  assert.equal(exitCodeOf(world.state), 1);
});

test("exit codes of ended jobs", () => {
  const done = new World(planOf([{ id: "s" }]));
  done.exit("s/only");
  assert.equal(exitCodeOf(done.state), 0);
  const cancelled = new World(planOf([{ id: "s" }]));
  cancelled.do("cancel");
  cancelled.notStarted("s/only");
  assert.equal(exitCodeOf(cancelled.state), 130);
});

test("what a text means", () => {
  const { state } = sample();
  const cases: [string, unknown][] = [
    ["build", { target: { stage: "build" } }],
    ["BUILD", { target: { stage: "build" } }],
    ["build/pack", { target: { script: "build/pack" } }],
    ["0402", { target: { script: "build/0402_Run" } }],
    ["0402_run", { target: { script: "build/0402_Run" } }],
    ["only", { candidates: ["test[0]/only", "test[1]/only", "ship/only"] }],
    ["nothing", null],
  ];
  for (const [text, meaning] of cases) assert.deepEqual(resolveTarget(state, text), meaning, text);
});

test("explain says why, for the job, a stage and a script", () => {
  const world = sample();
  assert.deepEqual(explain(world.state, "test")?.because, ["it needs `Build`, which is Running"]);
  world.exit("build/0402_Run", 9);
  assert.equal(explain(world.state, "build/pack")?.reason, "`0402_Run` failed before it");
  assert.equal(explain(world.state, "test")?.reason, "`Build` failed, and this needs it");
  assert.deepEqual(explain(world.state)?.because, [
    "stage `Build` is Failed: `0402_Run` ended with exit code 9",
    "stage `test` is Skipped: `Build` failed, and this needs it",
    "stage `ship` is Skipped: excluded by profile quick",
  ]);
  assert.equal(explain(world.state, "nothing"), null);
});

test("who was still alive when an attempt ended is shown with it", () => {
  const world = new World(planOf([{ id: "build", scripts: [{ name: "a", retries: 1 }, "b"] }]));
  world.exit("build/a", 1, { leftovers: [17, 18] });
  world.pass(60_000);
  world.exit("build/a", 0);
  world.exit("build/b", 0, { leftovers: [19] });
  assert.deepEqual(explain(world.state, "build/a")?.because.slice(1, 3), [
    "attempt 1: ended with exit code 1; still alive when it ended: pids 17, 18",
    "attempt 2: completed",
  ]);
  assert.deepEqual(explain(world.state)?.because, [
    "`build/a` left processes alive: pids 17, 18",
    "`build/b` left a process alive: pid 19",
  ]);
  const scripts = detail(world.state).stages.flatMap(({ legs }) => legs.flatMap((leg) => leg.scripts));
  assert.deepEqual(
    scripts.map(({ attempts }) => attempts.map(({ leftovers }) => leftovers)),
    [[[17, 18], undefined], [[19]]],
  );
});

test("rows of the stage list", () => {
  const world = sample();
  assert.deepEqual(
    rows(world.state).map((row) => `${row.depth} ${row.kind} ${row.id} ${row.status}`),
    [
      "0 stage build Running",
      "1 script build/0402_Run Queued",
      "1 script build/pack Pending",
      "0 stage test Pending",
      "1 leg test[os=a] Pending",
      "2 script test[0]/only Pending",
      "1 leg test[os=b] Pending",
      "2 script test[1]/only Pending",
      "0 stage ship Skipped",
      "1 script ship/only Skipped",
    ],
  );
});

test("progress counts what a script says of itself, and is whole only at the end", () => {
  const world = new World(planOf([{ id: "s", scripts: ["a", "b"] }]));
  assert.equal(progress(world.state, world.now).percent, 0);
  world.exit("s/a");
  world.started("s/b");
  world.pass(10_000);
  world.give({ is: "progressed", ref: world.ref("s/b"), percent: 50 });
  const half = progress(world.state, world.now);
  assert.equal(half.percent, 75);
  assert.equal(half.elapsedMs, 10_000);
  assert.equal(half.remainingMs, Math.round((10_000 / 1.5) * 0.5));
  world.exit("s/b");
  assert.equal(progress(world.state, world.now).percent, 100);
});
