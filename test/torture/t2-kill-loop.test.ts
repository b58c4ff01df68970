/** T2: the daemon and its spawner are killed at random while jobs run; requests are sent twice. Nothing may show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { killLevels } from "./lib/levels.ts";
import { torture } from "./lib/scenario.ts";
import { replay, seedFor } from "./lib/seed.ts";

test("jobs and their scripts do not notice that daemons and spawners die", async (t) => {
  const seed = seedFor("t2");
  const result = await torture({ ...killLevels.t2, seed, daemonKillsMin: 12 });
  t.diagnostic(`${result.scripts} scripts, ${JSON.stringify(result.kills)}, ${result.seconds.toFixed(0)} s`);
  assert.deepEqual(result.violations, [], replay("t2", seed));
  assert.ok((result.kills["daemon"] ?? 0) >= 12);
});
