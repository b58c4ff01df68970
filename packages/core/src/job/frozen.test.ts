import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../testing/plans.ts";
import { World } from "../testing/world.ts";

const second = 1_000;

function frozenWorld(): World {
  const script = { name: "a", timeoutMs: 10 * second };
  const world = new World(planOf([{ id: "s", timeoutMs: 20 * second, scripts: [script] }], { timeoutMs: 30 * second }));
  world.started("s/a");
  world.pass(6 * second);
  world.give({ is: "pause", by: "x", freeze: true });
  return world;
}

const kinds = (world: World): string[] =>
  world.effects().map((effect) => (effect.is === "freeze" ? `freeze ${effect.frozen}` : effect.is));

test("a freeze is owed for as long as it lasts, and no time limit is", () => {
  const world = frozenWorld();
  assert.deepEqual(kinds(world), ["ensure", "freeze true"]);
  world.restart();
  assert.deepEqual(kinds(world), ["ensure", "freeze true"], "also by the next daemon");
  world.pass(3_600 * second);
  assert.equal(world.script("s/a"), "running");
});

test("a resume moves every time limit by as long as it stood still; from then on the thaw is owed", () => {
  const world = frozenWorld();
  world.pass(100 * second);
  assert.deepEqual(world.do("resume"), ["OrchestrationResumed"]);
  assert.equal(world.all("OrchestrationResumed")[0]?.frozenMs, 100 * second);
  assert.ok(kinds(world).includes("freeze false"));
  world.pass(3.9 * second);
  assert.equal(world.script("s/a"), "running");
  world.pass(0.2 * second);
  assert.equal(world.script("s/a"), "terminating", "4 s of its 10 s were left");
  assert.equal(world.all("ScriptTerminating")[0]?.cause, "timeout");
});

test("what is seen to start while everything stands still, stands still too", () => {
  const world = new World(planOf([{ id: "s" }]));
  world.give({ is: "pause", by: "x", freeze: true });
  assert.deepEqual(kinds(world), ["ensure"]);
  world.started("s/only");
  assert.deepEqual(kinds(world), ["ensure", "freeze true"]);
});

test("a paused job can be frozen still; a frozen one is frozen once; a plain pause freezes nothing", () => {
  const world = new World(planOf([{ id: "s" }]));
  world.started("s/only");
  world.do("pause");
  assert.deepEqual(kinds(world), ["ensure"]);
  assert.deepEqual(world.give({ is: "pause", by: "x", freeze: true }), ["OrchestrationPaused"]);
  assert.deepEqual(kinds(world), ["ensure", "freeze true"]);
  assert.deepEqual(world.give({ is: "pause", by: "x", freeze: true }), []);
  assert.deepEqual(world.do("pause"), []);
});

test("a cancel ends the freeze: what runs on after it has its time left, and hears that it may go on", () => {
  const always = { name: "b", condition: "always()", timeoutMs: 10 * second };
  const world = new World(planOf([{ id: "s", parallel: 2, scripts: [{ name: "a" }, always] }]));
  world.started("s/a");
  world.started("s/b");
  world.give({ is: "pause", by: "x", freeze: true });
  world.pass(60 * second);
  world.do("cancel");
  assert.equal(world.script("s/a"), "terminating");
  assert.equal(world.script("s/b"), "running");
  assert.ok(kinds(world).includes("freeze false"));
  world.pass(9 * second);
  assert.equal(world.script("s/b"), "running");
  world.pass(2 * second);
  assert.equal(world.script("s/b"), "terminating");
});
