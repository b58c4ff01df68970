import assert from "node:assert/strict";
import { test } from "node:test";
import { checkers } from "./checkers/index.ts";
import { mutants } from "./mutants.ts";
import { simulate } from "./simulate.ts";

/** A simulation that finds no bugs may be blind. These bugs are planted, and each must be seen by the checker it names. */
const seedsMax = 500;

for (const { name, caughtBy, tamper, firstSeed = 1 } of mutants) {
  test(`a daemon that ${name} is caught by ${caughtBy}`, async (t) => {
    for (let seed = firstSeed; seed < firstSeed + seedsMax; seed++) {
      const { violations } = await simulate(seed, { tamper });
      if (!violations.some(({ checker }) => checker === caughtBy)) continue;
      t.diagnostic(`caught at seed ${seed}`);
      return;
    }
    assert.fail(`it survived ${seedsMax} seeds`);
  });
}

test("every checker has caught a planted bug", () => {
  const named = new Set(mutants.map(({ caughtBy }) => caughtBy));
  assert.deepEqual(
    checkers.map(({ name }) => name).filter((name) => !named.has(name)),
    [],
  );
});
