import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../testing/plans.ts";
import { World } from "../testing/world.ts";

test("a job runs its scripts in written order and completes", () => {
  const world = new World(
    planOf([
      { id: "build", scripts: ["a", "b"] },
      { id: "test", after: ["build"], scripts: ["c"] },
    ]),
  );
  assert.deepEqual(world.running(), ["build/a"]);
  world.started("build/a");
  world.exit("build/a");
  assert.deepEqual(world.running(), ["build/b"]);
  world.started("build/b");
  world.exit("build/b");
  assert.deepEqual(world.running(), ["test/c"]);
  world.exit("test/c");
  assert.equal(world.state.status, "Completed");
  assert.deepEqual(world.kinds(), [
    "OrchestrationQueued",
    "OrchestrationStarted",
    "StageStarted",
    "ScriptScheduled",
    "ScriptStarted",
    "ScriptCompleted",
    "ScriptScheduled",
    "ScriptStarted",
    "ScriptCompleted",
    "StageCompleted",
    "StageStarted",
    "ScriptScheduled",
    "ScriptStarted",
    "ScriptCompleted",
    "StageCompleted",
    "OrchestrationCompleted",
  ]);
});
