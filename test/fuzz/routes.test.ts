/** The short run at a real daemon's real socket: requests by the contracts, bytes that are nearly HTTP, frames that are none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { contracts } from "@aither/protocol/contracts";
import fc from "fast-check";
import { askAll } from "./lib/door-campaign.ts";
import { requests } from "./lib/requests.ts";

const SEED = 20_261_129;

test("whatever is asked is answered, or ends; nothing is written by what is refused, and the daemon stays", async () => {
  const { asked, byStatus } = await askAll({ seed: SEED, count: 250, limitMs: 40_000 });
  assert.ok(asked > 20, `only ${asked} requests were made`);
  assert.ok(
    Object.keys(byStatus).some((status) => status.startsWith("4")),
    JSON.stringify(byStatus),
  );
});

test("every route of the contracts is asked", () => {
  const seen = new Set(fc.sample(requests, { seed: SEED, numRuns: 4_000 }).map(({ route }) => route));
  const never = Object.keys(contracts).filter((name) => name !== "stopDaemon" && !seen.has(name as never));
  assert.deepEqual(never, []);
});
