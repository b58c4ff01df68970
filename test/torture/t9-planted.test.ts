/** T9: every defence is needed. With it the scenario keeps all promises; with it taken out, a checker says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defences } from "./lib/defences.ts";

for (const { name, scenario, without, caughtBy } of defences) {
  test(name, async (t) => {
    const found = await scenario([]);
    if ("skipped" in found) t.skip(`skipped: ${found.skipped}`);
    else assert.deepEqual(found, []);
  });

  test(`planted: it is not so that ${name}`, async (t) => {
    const found = await scenario(without);
    if ("skipped" in found) {
      t.skip(`skipped: ${found.skipped}`);
      return;
    }
    assert.ok(
      found.some(({ checker }) => checker === caughtBy),
      JSON.stringify(found, null, 1),
    );
  });
}
