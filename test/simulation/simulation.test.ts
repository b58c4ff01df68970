import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { simulate, type Result } from "./simulate.ts";

const count = 2_000;

type Remembered = { readonly seed: number; readonly why: string };
const seeds = JSON.parse(readFileSync(new URL("seeds.json", import.meta.url), "utf8")) as Remembered[];

/** What a failed run says: one line that repeats it, and what was broken. */
function told(result: Result): string {
  const lines = result.violations.map(({ checker, message }) => `  ${checker}: ${message}`);
  return [`npm run test:sim -- --seed ${result.seed} --trace`, ...lines].join("\n");
}

for (const { seed, why } of seeds) {
  test(`seed ${seed}, which once failed: ${why}`, async () => {
    const result = await simulate(seed);
    assert.equal(result.violations.length, 0, told(result));
  });
}

test("the same seed is the same run", async () => {
  const lines: string[][] = [[], []];
  for (const trace of lines) await simulate(4, { trace: (line) => trace.push(line) });
  assert.ok((lines[0]?.length ?? 0) > 100);
  assert.deepEqual(lines[0], lines[1]);
});

test(`${count} seeds keep every promise`, async (t) => {
  const total = { lives: 0, processes: 0, events: 0 };
  const failed: string[] = [];
  for (let seed = 1; seed <= count && failed.length < 3; seed++) {
    const result = await simulate(seed);
    if (result.violations.length > 0) failed.push(told(result));
    total.lives += result.lives;
    total.processes += result.processes;
    total.events += result.events;
  }
  assert.equal(failed.length, 0, failed.join("\n"));
  t.diagnostic(`${total.lives} lives of the daemon, ${total.processes} processes, ${total.events} events`);
  // A world in which nothing happens keeps every promise too.
  assert.ok(total.lives > 2 * count && total.processes > 5 * count);
});
