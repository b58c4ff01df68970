/** The short run of the table: every row for a while, from one seed, so that a failure here is one everywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { campaign, failureLines, tableLines } from "./lib/campaign.ts";
import { target } from "./lib/target.ts";
import { openPool } from "./lib/watch.ts";
import { targets } from "./targets/index.ts";

const SEED = 20_261_129;
const INPUTS = 6_000;
const LIMIT_MS = 40_000;

test("every row of the table holds, for a few inputs each", async () => {
  const rows = await campaign({
    targets,
    seed: SEED,
    inputs: INPUTS,
    workers: 2,
    limitMs: LIMIT_MS,
    say: () => undefined,
  });
  const failures = rows.flatMap((row) => row.failures.flatMap(failureLines));
  assert.deepEqual(failures, [], failures.join("\n"));
  assert.ok(rows.filter(({ inputs }) => inputs > 0).length >= targets.length / 2, tableLines(rows).join("\n"));
});

test("a planted bug is found, made small, and named with the line that finds it again", async () => {
  await using pool = openPool([], 1);
  const { failure } = await pool.run({ name: "planted/length", seed: 7, runs: 250 });
  assert.ok(failure);
  assert.match(failure.input, /^'.{9}'$/);
  const lines = failureLines(failure);
  assert.ok(lines.includes("npm run test:fuzz -- --seed 7 --only planted/length"), lines.join("\n"));
});

test("a planted hang is ended from outside, and its input is known", async () => {
  const hangs = target("planted/hang", { covers: [], arbitrary: fc.nat(1_000), property: () => undefined });
  await using pool = openPool([hangs], 1, { hangMs: 2_000 });
  const { failure } = await pool.run({ name: "planted/hang", seed: 3, runs: 250 });
  assert.match(failure?.reason ?? "", /it hangs/);
  assert.match(failure?.input ?? "", /^\d+$/);
  assert.equal(Number(failure?.input) % 10, 7);
  // The pool goes on with a new thread.
  assert.equal((await pool.run({ name: "store/claim", seed: 1, runs: 20 })).failure, null);
});

test("a planted write of a parser is found", async () => {
  await using pool = openPool([], 1);
  const { failure } = await pool.run({ name: "planted/write", seed: 1, runs: 5 });
  assert.match(failure?.reason ?? "", /a parser wrote: fs\.writeFileSync/);
});
