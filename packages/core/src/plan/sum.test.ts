import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSum } from "./sum.ts";

test("a sum is `{ ...base, ...more }`, in this order, and nobody else's", () => {
  const sumOf = makeSum<number>();
  const bases = [{ a: 1, b: 2 }, { b: 3 }, {}];
  const more = [{ b: 5 }, { b: 6 }, { b: 7 }, { c: 8, b: 9 }, { b: 9, c: 8 }, {}, { b: 1 }];
  for (const base of [...bases, ...bases]) {
    for (const one of [...more, ...more]) {
      const sum = sumOf(base, one);
      assert.deepEqual(Object.entries(sum), Object.entries({ ...base, ...one }));
      // Whoever changes theirs changes no other.
      sum["a"] = 99;
      sum["d"] = 99;
    }
  }
  assert.deepEqual(bases, [{ a: 1, b: 2 }, { b: 3 }, {}]);
});
