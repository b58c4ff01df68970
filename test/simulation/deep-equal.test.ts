import assert from "node:assert/strict";
import { test } from "node:test";
import { deepEqual } from "./deep-equal.ts";

const same: readonly unknown[] = [
  null,
  undefined,
  0,
  Number.NaN,
  "text",
  [],
  [1, [2, { three: 3 }]],
  {},
  { a: { b: [null] } },
  new Map([["key", { value: 1 }]]),
  new Set(["one"]),
];

const different: readonly (readonly [unknown, unknown])[] = [
  [1, "1"],
  [0, -0],
  [null, undefined],
  [null, {}],
  [[], {}],
  [[1], [1, 2]],
  [{ a: undefined }, {}],
  [{ a: undefined }, { b: undefined }],
  [{ a: { b: 1 } }, { a: { b: 2 } }],
  [new Map([["key", 1]]), new Map([["key", 2]])],
  [new Map([["key", 1]]), {}],
  [new Set(["one"]), new Set(["other"])],
  [new Set(["one"]), ["one"]],
];

test("what is the same is found to be", () => {
  for (const value of same) assert.ok(deepEqual(value, structuredClone(value)), JSON.stringify(value));
});

test("what differs is found to, whichever comes first", () => {
  for (const [a, b] of different) {
    assert.ok(!deepEqual(a, b), JSON.stringify([a, b]));
    assert.ok(!deepEqual(b, a), JSON.stringify([b, a]));
  }
});
