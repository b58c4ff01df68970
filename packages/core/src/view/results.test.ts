import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../testing/plans.ts";
import { World } from "../testing/world.ts";
import { conclusionOfJob, legResults } from "./results.ts";

test("a leg is told by its values, a skipped stage once, and what goes on has no result", () => {
  const world = new World(
    planOf([
      { id: "build", name: "Build", scripts: ["a", "b"] },
      { id: "test", name: "Test", needs: ["build"], matrix: { "os=a": null, "os=b": null } },
      { id: "off", name: "Off", decision: "skip", reason: "excluded", matrix: { "os=a": null, "os=b": null } },
    ]),
  );
  world.started("build/a");
  const before = legResults(world.state);
  assert.deepEqual(
    before.map(({ result }) => result),
    [null, null, null, "skipped"],
  );
  assert.equal(conclusionOfJob(world.state), null);
  world.exit("build/a", 3);
  const after = legResults(world.state);
  assert.deepEqual(
    after.map(({ name, result }) => [name, result]),
    [
      ["Build", "failure"],
      ["Test", "skipped"],
      ["Off", "skipped"],
    ],
  );
  assert.equal(conclusionOfJob(world.state), "failure");
});
