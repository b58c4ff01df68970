import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, type StageGiven } from "../testing/plans.ts";
import { World } from "../testing/world.ts";
import { reasonOfStage } from "../view/reason.ts";
import { theLeg, theStage } from "./look.ts";

/** Runs a plan to its end; `codes` are exit codes by script key, 0 when absent. Gives the stages' statuses. */
function run(stages: readonly StageGiven[], codes: Readonly<Record<string, number>> = {}): World {
  const world = new World(planOf(stages));
  for (let turn = 0; world.running().length > 0; turn += 1) {
    assert.ok(turn < 1_000, "the job ends");
    const [key = ""] = world.running();
    world.exit(key, codes[key] ?? 0);
  }
  return world;
}

function statuses(world: World): Record<string, string> {
  return Object.fromEntries(world.state.plan.stages.map((stage) => [stage.id, world.stage(stage.id)]));
}

test("how stages depend on each other", () => {
  const fail = { "a/only": 3 };
  const cases: {
    name: string;
    stages: StageGiven[];
    codes?: Record<string, number>;
    stagesEnd: Record<string, string>;
    job: string;
  }[] = [
    {
      name: "a failed predecessor skips what is left, all of it",
      stages: [{ id: "a" }, { id: "b", after: ["a"] }, { id: "c", after: ["b"] }],
      codes: fail,
      stagesEnd: { a: "Failed", b: "Skipped", c: "Skipped" },
      job: "Failed",
    },
    {
      name: "a skipped predecessor in written order does not matter",
      stages: [
        { id: "a", decision: "skip", reason: "no" },
        { id: "b", after: ["a"] },
      ],
      stagesEnd: { a: "Skipped", b: "Completed" },
      job: "Completed",
    },
    {
      name: "a skipped need skips the dependent",
      stages: [
        { id: "a", decision: "skip", reason: "no" },
        { id: "b", needs: ["a"] },
      ],
      stagesEnd: { a: "Skipped", b: "Skipped" },
      job: "Completed",
    },
    {
      name: "unless its condition names a status function",
      stages: [
        { id: "a", decision: "skip", reason: "no" },
        { id: "b", needs: ["a"], condition: "always()" },
        { id: "c", needs: ["b"] },
        { id: "d", needs: ["b"], condition: "!failure()" },
      ],
      // c: the skip comes down the whole chain of needs, as on GitHub (actions/runner#491).
      stagesEnd: { a: "Skipped", b: "Completed", c: "Skipped", d: "Completed" },
      job: "Completed",
    },
    {
      name: "failure() runs after a failure anywhere before it",
      stages: [
        { id: "a" },
        { id: "b", after: ["a"] },
        { id: "c", after: ["b"], condition: "failure()" },
        { id: "d", after: ["c"], condition: "always()" },
        { id: "e", after: ["d"] },
      ],
      codes: fail,
      stagesEnd: { a: "Failed", b: "Skipped", c: "Completed", d: "Completed", e: "Skipped" },
      job: "Failed",
    },
    {
      name: "failure() is skipped when nothing failed",
      stages: [{ id: "a" }, { id: "b", after: ["a"], condition: "failure()" }],
      stagesEnd: { a: "Completed", b: "Skipped" },
      job: "Completed",
    },
    {
      name: "a tolerated failure counts as success for what follows",
      stages: [
        { id: "a", continueOnError: true },
        { id: "b", needs: ["a"] },
        { id: "c", needs: ["a"], condition: "needs.a.result == 'success'" },
      ],
      codes: fail,
      stagesEnd: { a: "Failed", b: "Completed", c: "Completed" },
      job: "Completed",
    },
    {
      name: "stages that do not depend on each other do not mind",
      stages: [{ id: "a" }, { id: "b" }],
      codes: fail,
      stagesEnd: { a: "Failed", b: "Completed" },
      job: "Failed",
    },
    {
      name: "a condition that is false skips its stage",
      stages: [{ id: "a", variables: { go: false }, condition: "vars.go" }],
      stagesEnd: { a: "Skipped" },
      job: "Completed",
    },
    {
      name: "a condition that cannot be decided fails its stage",
      stages: [
        { id: "a", condition: "Test-Path ./x" },
        { id: "b", after: ["a"] },
      ],
      stagesEnd: { a: "Failed", b: "Skipped" },
      job: "Failed",
    },
    {
      name: "success() with names asks those stages",
      stages: [{ id: "a" }, { id: "x", decision: "skip" }, { id: "b", needs: ["a", "x"], condition: "success('a')" }],
      stagesEnd: { a: "Completed", x: "Skipped", b: "Completed" },
      job: "Completed",
    },
  ];
  for (const { name, stages, codes, stagesEnd, job } of cases) {
    const world = run(stages, codes);
    assert.deepEqual(statuses(world), stagesEnd, name);
    assert.equal(world.state.status, job, name);
  }
});

test("the reason of a skip names its root", () => {
  const world = run(
    [
      { id: "a", name: "Build it" },
      { id: "b", needs: ["a"] },
      { id: "c", after: ["b"] },
    ],
    { "a/only": 1 },
  );
  assert.equal(theStage(world.state, "b").reason, "`Build it` failed, and this needs it");
  assert.equal(theStage(world.state, "c").reason, "`Build it` failed, and this comes after it");
  assert.equal(world.state.reason, "`Build it` failed: `only` ended with exit code 1");
});

test("outputs of scripts become outputs of the stage, and are seen by those that need it", () => {
  const world = new World(
    planOf([
      {
        id: "a",
        scripts: [{ name: "make", id: "make" }],
        outputs: { version: "${{ steps.make.outputs.version }}", how: "${{ steps.make.outcome }}" },
      },
      {
        id: "b",
        needs: ["a"],
        condition: "needs.a.outputs.version == '1.2' && needs.a.result == 'success'",
      },
    ]),
  );
  world.exit("a/make", 0, { outputs: { version: "1.2" } });
  assert.deepEqual(world.all("StageCompleted")[0]?.outputs, { version: "1.2", how: "success" });
  assert.deepEqual(world.running(), ["b/only"]);
});

test("how scripts of one leg depend on each other", () => {
  const cases = [
    { scripts: ["a", "b"], codes: { a: 1 }, ends: { a: "failed", b: "skipped" }, stage: "Failed" },
    {
      scripts: [{ name: "a", continueOnError: true }, "b"],
      codes: { a: 1 },
      ends: { a: "failed", b: "completed" },
      stage: "Completed",
    },
    {
      scripts: [
        "a",
        "b",
        { name: "c", condition: "failure()" },
        { name: "d", condition: "always()" },
        { name: "e", condition: "success()" },
      ],
      codes: { a: 1 },
      ends: { a: "failed", b: "skipped", c: "completed", d: "completed", e: "skipped" },
      stage: "Failed",
    },
    {
      scripts: ["a", { name: "b", condition: "failure()" }],
      codes: {},
      ends: { a: "completed", b: "skipped" },
      stage: "Completed",
    },
    {
      scripts: [
        { name: "a", continueOnError: true },
        { name: "b", condition: "steps.a.outcome == 'failure' && steps.a.conclusion == 'success'" },
      ],
      codes: { a: 1 },
      ends: { a: "failed", b: "completed" },
      stage: "Completed",
    },
    {
      scripts: [{ name: "a", condition: "Get-Something" }, "b"],
      codes: {},
      ends: { a: "failed", b: "skipped" },
      stage: "Failed",
    },
    { scripts: [], codes: {}, ends: {}, stage: "Completed" },
  ];
  for (const { scripts, codes, ends, stage } of cases) {
    const byKey = Object.fromEntries(Object.entries(codes).map(([name, code]) => [`s/${name}`, code]));
    const world = run([{ id: "s", scripts }], byKey);
    for (const [name, end] of Object.entries(ends)) {
      assert.equal(world.script(`s/${name}`), end, `${name} of ${JSON.stringify(scripts)}`);
    }
    assert.equal(world.stage("s"), stage);
  }
});

test("a condition that cannot be decided is a failure of that kind", () => {
  const world = run([{ id: "s", scripts: [{ name: "a", condition: "Test-Path ./x" }] }]);
  assert.equal(world.all("ScriptFailed")[0]?.failure.kind, "condition");
});

test("parallel scripts of a leg run side by side, at most so many", () => {
  const world = new World(planOf([{ id: "s", parallel: 2, scripts: ["a", "b", "c", "d"] }]));
  assert.deepEqual(world.running(), ["s/a", "s/b"]);
  world.exit("s/b");
  assert.deepEqual(world.running(), ["s/a", "s/c"]);
  world.exit("s/c", 1);
  assert.equal(world.script("s/d"), "skipped");
  assert.equal(world.script("s/a"), "scheduled", "a sibling script is not stopped");
  world.exit("s/a");
  assert.equal(world.stage("s"), "Failed");
});

test("a matrix: maxParallel, events of legs inside the stage's own", () => {
  const world = new World(planOf([{ id: "m", maxParallel: 2, matrix: { "os=a": null, "os=b": null, "os=c": null } }]));
  assert.deepEqual(world.running(), ["m[0]/only", "m[1]/only"]);
  world.exit("m[1]/only");
  assert.deepEqual(world.running(), ["m[0]/only", "m[2]/only"]);
  world.exit("m[0]/only");
  world.exit("m[2]/only");
  assert.equal(world.state.status, "Completed");
  const told = world.events
    .filter((event) => event.type.startsWith("Stage"))
    .map((event) => `${event.type} ${"leg" in event ? event.leg : "-"}`);
  assert.deepEqual(told, [
    "StageStarted -",
    "StageStarted os=a",
    "StageStarted os=b",
    "StageCompleted os=b",
    "StageStarted os=c",
    "StageCompleted os=a",
    "StageCompleted os=c",
    "StageCompleted -",
  ]);
});

test("fail-fast stops the sibling legs, except what cleans up", () => {
  const matrix = { "os=a": null, "os=b": null, "os=c": null };
  const scripts = ["x", { name: "clean", condition: "always()" }];
  const world = new World(planOf([{ id: "m", maxParallel: 2, matrix, scripts }]));
  world.started("m[1]/x");
  world.exit("m[0]/x", 1);
  world.exit("m[0]/clean");
  assert.equal(world.all("ScriptTerminating")[0]?.cause, "fail-fast");
  assert.equal(theLeg(theStage(world.state, "m"), "os=c").status, "Cancelled");
  world.exit("m[1]/x", 143, { endedAtMs: world.now.wallMs + 1 });
  assert.equal(world.script("m[1]/x"), "cancelled");
  assert.deepEqual(world.running(), ["m[1]/clean"]);
  world.exit("m[1]/clean");
  assert.equal(theLeg(theStage(world.state, "m"), "os=b").status, "Cancelled");
  assert.equal(world.stage("m"), "Failed");
  assert.equal(world.state.status, "Failed");
  assert.equal(theStage(world.state, "m").reason, "[os=a] `x` ended with exit code 1");
});

test("without fail-fast, or with continueOnError, the sibling legs go on", () => {
  const matrix = { "os=a": null, "os=b": null };
  for (const rest of [{ failFast: false }, { continueOnError: true }]) {
    const world = run([{ id: "m", matrix, ...rest }], { "m[0]/only": 1 });
    assert.equal(world.script("m[1]/only"), "completed");
    assert.equal(world.stage("m"), "Failed");
  }
});

test("a plan that fails fast stops the stages beside a failed one", () => {
  const world = new World(
    planOf([{ id: "a" }, { id: "b" }, { id: "c", needs: ["b"] }, { id: "d", after: ["a"] }], { failFast: true }),
  );
  world.started("b/only");
  world.exit("a/only", 1);
  world.exit("b/only", 143, { endedAtMs: world.now.wallMs + 1 });
  assert.deepEqual(statuses(world), { a: "Failed", b: "Cancelled", c: "Cancelled", d: "Skipped" });
  assert.equal(world.state.status, "Failed");
});

test("maxConcurrency bounds how many stages run", () => {
  const world = new World(planOf([{ id: "a" }, { id: "b" }, { id: "c" }], { maxConcurrency: 2 }));
  assert.deepEqual(world.running(), ["a/only", "b/only"]);
  world.exit("a/only");
  assert.deepEqual(world.running(), ["b/only", "c/only"]);
});

test("slots bound how many scripts run", () => {
  const world = new World(planOf([{ id: "a", parallel: 9, scripts: ["x", "y", "z"] }]), {
    slots: 2,
  });
  assert.deepEqual(world.running(), ["a/x", "a/y"]);
  world.exit("a/x");
  assert.deepEqual(world.running(), ["a/y", "a/z"]);
});

test("what passed in the job before is skipped, and counts as success", () => {
  const world = new World(
    planOf([
      { id: "a", scripts: ["x", "y"] },
      { id: "b", needs: ["a"], scripts: ["z"] },
    ]),
    { start: { passedBefore: ["a/x", "a/y"], parent: "other" } },
  );
  assert.equal(world.all("ScriptSkipped").length, 2);
  assert.equal(world.all("ScriptSkipped")[0]?.kind, "passed-before");
  assert.equal(world.stage("a"), "Completed");
  assert.deepEqual(world.running(), ["b/z"]);
});

test("skip of a stage: one that waits is skipped whole, of one that runs what is left", () => {
  const world = new World(
    planOf([
      { id: "a", scripts: ["x", "y"] },
      { id: "b", after: ["a"] },
      { id: "c", after: ["b"] },
    ]),
  );
  world.started("a/x");
  world.do("skip", { target: "b", reason: "not today" });
  assert.equal(world.stage("b"), "Skipped");
  assert.equal(world.script("b/only"), "skipped");
  assert.deepEqual(world.do("skip", { target: "b" }), [], "the same verb twice means nothing new");
  world.do("skip", { target: "a" });
  assert.equal(world.script("a/y"), "skipped");
  assert.equal(world.script("a/x"), "terminating");
  world.exit("a/x", 143);
  assert.equal(world.stage("a"), "Completed");
  assert.deepEqual(world.running(), ["c/only"]);
});

test("a skipped stage lets nobody pass: what is behind it waits for what is before it", () => {
  for (const skip of ["by its condition", "by somebody"]) {
    const decision = skip === "by its condition" ? { decision: "skip" as const, reason: "left out" } : {};
    const world = new World(
      planOf([{ id: "one" }, { id: "two", after: ["one"], ...decision }, { id: "three", after: ["two"] }]),
    );
    world.started("one/only");
    if (skip === "by somebody") world.do("skip", { target: "two" });
    assert.equal(world.stage("two"), "Skipped", skip);
    assert.equal(world.stage("three"), "Pending", skip);
    assert.match(reasonOfStage(world.state, theStage(world.state, "three")), /waits for `one`/);
    world.exit("one/only");
    assert.equal(world.stage("three"), "Running", skip);
  }
});

test("a cancelled stage lets nobody pass: what runs in any case waits for what is being stopped before it", () => {
  const world = new World(
    planOf([{ id: "one" }, { id: "two", after: ["one"] }, { id: "three", after: ["two"], condition: "always()" }]),
  );
  world.started("one/only");
  world.do("cancel");
  assert.equal(world.stage("two"), "Cancelled");
  assert.equal(world.stage("three"), "Pending");
  world.exit("one/only");
  assert.equal(world.stage("three"), "Running");
});
