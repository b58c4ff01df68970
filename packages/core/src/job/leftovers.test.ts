import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, type ScriptGiven } from "../testing/plans.ts";
import { World } from "../testing/world.ts";
import { theScript } from "./look.ts";

function one(script: Exclude<ScriptGiven, string> = { name: "a" }): World {
  return new World(planOf([{ id: "s", scripts: [script] }]));
}

test("who is left of an attempt is told by every kind of its end, and kept with it", () => {
  const left = { leftovers: [17, 18] };
  const world = one({ name: "a", retries: 1 });
  world.started("s/a");
  world.exit("s/a", 1, left);
  world.pass(60_000);
  world.started("s/a");
  world.exit("s/a", 2, { leftovers: [19] });
  assert.deepEqual(world.all("ScriptRetried")[0]?.leftovers, [17, 18]);
  assert.deepEqual(world.all("ScriptFailed")[0]?.leftovers, [19]);
  assert.deepEqual(
    theScript(world.state, "s/a").attempts.map(({ leftovers }) => leftovers),
    [[17, 18], [19]],
  );

  const fine = one();
  fine.exit("s/a", 0, left);
  assert.deepEqual(theScript(fine.state, "s/a").attempts[0]?.leftovers, [17, 18]);

  const cancelled = one();
  cancelled.started("s/a");
  cancelled.do("cancel");
  cancelled.exit("s/a", 143, left);
  assert.deepEqual(cancelled.all("ScriptCancelled")[0]?.leftovers, [17, 18]);

  const skipped = one();
  skipped.started("s/a");
  skipped.do("skip", { target: "s/a" });
  skipped.exit("s/a", 143, left);
  assert.deepEqual(skipped.all("ScriptSkipped")[0]?.leftovers, [17, 18]);

  const late = one({ name: "a", timeoutMs: 1_000 });
  late.started("s/a");
  late.pass(1_000);
  late.exit("s/a", 143, left);
  assert.deepEqual(late.all("ScriptFailed")[0]?.leftovers, [17, 18]);

  const clean = one();
  clean.exit("s/a", 1);
  assert.ok(!("leftovers" in (clean.all("ScriptFailed")[0] ?? {})), "nobody is left, and nothing is said");
});
