import assert from "node:assert/strict";
import { test } from "node:test";
import { clockFindings } from "./machine.ts";

async function clock(wallMs: () => number): Promise<string> {
  const found = await clockFindings({ wallMs, steadyMs: () => performance.now() });
  const { state, says } = found.find(({ name }) => name === "clock")!;
  return `${state}: ${says}`;
}

test("a clock that is years behind, and one that jumps, are warned of; one that runs is good", async () => {
  const startMs = performance.now();
  const running = (): number => Date.parse("2026-05-01") + performance.now() - startMs;
  assert.match(await clock(running), /^good: 2026-05-01/);
  assert.match(await clock(() => running() - 10 * 365 * 86_400_000), /^warn: says 2016/);
  let looks = 0;
  assert.match(await clock(() => running() + (looks++ === 0 ? 0 : 3_600_000)), /^warn: jumped 36000\d\d ms/);
});
