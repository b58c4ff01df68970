/** T3: wrappers, scripts and whole groups die, too, and the daemon is stopped for a while. Only the victims may show it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { killLevels } from "./lib/levels.ts";
import { torture } from "./lib/scenario.ts";
import { replay, seedFor } from "./lib/seed.ts";

test("whatever else dies: codes and logs are true, nothing runs twice, a cancel means it", async (t) => {
  const seed = seedFor("t3");
  const result = await torture({ ...killLevels.t3, seed, daemonKillsMin: 8 });
  t.diagnostic(`${result.scripts} scripts, ${JSON.stringify(result.kills)}, ${result.seconds.toFixed(0)} s`);
  assert.deepEqual(result.violations, [], replay("t3", seed));
  assert.ok((result.kills["daemon"] ?? 0) >= 8);
});
