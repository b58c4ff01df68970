import assert from "node:assert/strict";
import { test } from "node:test";
import { isShallow, JSON_DEPTH_MAX } from "./depth.ts";
import { bytesOfSize, logLimitOf } from "./size.ts";

const nested = (depth: number): unknown => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);

test("so many levels are shallow, and one more is not, however many more", () => {
  for (const value of [null, 1, "x", {}, nested(JSON_DEPTH_MAX)]) assert.equal(isShallow(value), true);
  for (const depth of [JSON_DEPTH_MAX + 1, 500_000]) assert.equal(isShallow(nested(depth)), false);
  assert.equal(isShallow({ a: [{ b: [] }] }, 4), true);
  assert.equal(isShallow({ a: [{ b: [] }] }, 3), false);
});

test("a size is a whole number of bytes, or none", () => {
  for (const size of ["9".repeat(400), "9007199254740993", "1e3", "-1", 1e300, Number.NaN])
    assert.equal(bytesOfSize(size), null);
  assert.equal(typeof logLimitOf("9".repeat(400)), "string");
});
