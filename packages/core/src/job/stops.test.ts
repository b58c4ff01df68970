import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, type ScriptGiven } from "../testing/plans.ts";
import { World } from "../testing/world.ts";

/** What becomes of an attempt that is asked to stop. */

const minute = 60_000;

function one(script: Exclude<ScriptGiven, string> | null = null): World {
  return new World(planOf([{ id: "s", scripts: [script ?? { name: "a" }] }]));
}

test("a scheduled script that is skipped ends as skipped, started or not", () => {
  const unseen = one();
  unseen.do("skip", { target: "s/a" });
  unseen.notStarted("s/a");
  assert.equal(unseen.script("s/a"), "skipped");
  const seen = one();
  seen.do("skip", { target: "s/a" });
  seen.started("s/a");
  seen.exit("s/a", 0);
  assert.equal(seen.script("s/a"), "skipped");
});

test("an exit from before the stop is the script's own", () => {
  const world = one();
  world.started("s/a");
  world.pass(50);
  const endedAtMs = world.now.wallMs - 11;
  world.do("cancel");
  world.exit("s/a", 0, { endedAtMs });
  assert.equal(world.script("s/a"), "completed");
  assert.equal(world.state.status, "Cancelled");
});

test("an exit whose record is dated a tick before the stop is the stop's: clocks of files go in steps", () => {
  const world = one();
  world.started("s/a");
  world.pass(50);
  const endedAtMs = world.now.wallMs - 10;
  world.do("skip", { target: "s/a", reason: "too long" });
  world.exit("s/a", 143, { endedAtMs, signal: "TERM" });
  assert.equal(world.script("s/a"), "skipped");
});

test("the stop ladder: each rung once, with its own deadline", () => {
  const world = one({
    name: "a",
    stopLadder: [
      { signal: "INT", afterMs: 7_500 },
      { signal: "TERM", afterMs: 2_500 },
      { signal: "KILL", afterMs: 0 },
    ],
  });
  world.started("s/a");
  world.do("cancel");
  assert.deepEqual(world.pass(7_499), []);
  assert.deepEqual(world.pass(1), ["ScriptTerminating"]);
  assert.deepEqual(world.pass(2_499), []);
  assert.deepEqual(world.pass(1), ["ScriptKilling"]);
  assert.deepEqual(world.pass(minute), []);
  const rungs = world.all("ScriptTerminating").map(({ signal, rung }) => [signal, rung]);
  assert.deepEqual(rungs, [
    ["INT", 0],
    ["TERM", 1],
  ]);
});

test("a ladder without KILL gets one, and an empty one begins with it", () => {
  const world = one({ name: "a", stopLadder: [{ signal: "TERM", afterMs: 10 }] });
  world.started("s/a");
  world.do("cancel");
  assert.deepEqual(world.pass(10), ["ScriptKilling"]);
  const bare = one({ name: "a", stopLadder: [] });
  bare.started("s/a");
  bare.do("cancel");
  assert.equal(bare.all("ScriptTerminating")[0]?.signal, "KILL");
  assert.deepEqual(bare.pass(minute), []);
});

test("criteria of a stage do not speak of its time limit, whoever it stopped", () => {
  const successCriteria = { requireAll: false, minimumCount: 1, minimumPercent: null, critical: [], allowed: [] };
  const scripts = ["a", "b"];
  const limited = new World(planOf([{ id: "s", timeoutMs: minute, scripts, successCriteria }]));
  limited.started("s/a");
  limited.exit("s/a");
  limited.started("s/b");
  limited.pass(minute);
  limited.exit("s/b", 143, { signal: "TERM" });
  assert.equal(limited.stage("s"), "Failed");
  const failing = new World(planOf([{ id: "s", timeoutMs: minute, scripts, successCriteria }]));
  failing.exit("s/a");
  failing.exit("s/b", 1);
  assert.equal(failing.stage("s"), "Completed");
});
