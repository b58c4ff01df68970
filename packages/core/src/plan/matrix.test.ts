import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "@aither/protocol";
import { expandMatrix } from "./matrix.ts";

test("legs are named by their values", () => {
  const expanded = expandMatrix({ os: ["linux"], node: [20, 22] });
  assert.deepEqual(expanded.ok && expanded.legs.map(({ name }) => name), ["os=linux, node=20", "os=linux, node=22"]);
});

test("a matrix that makes no sense is refused, with the key that is wrong", () => {
  const rows: [Record<string, Json>, string | null, RegExp][] = [
    [{ os: [] }, "os", /is empty/],
    [{}, null, /neither a vector nor an `include`/],
    [{ os: ["a"], exclude: [{ arch: "x" }] }, "exclude", /names `arch`/],
    [{ os: ["a"], include: "x" }, "include", /must be a list of maps/],
    [{ a: Array.from({ length: 300 }, (_, i) => i) }, null, /300 legs; 256 are allowed/],
  ];
  for (const [matrix, key, message] of rows) {
    const expanded = expandMatrix(matrix);
    assert.equal(expanded.ok, false);
    assert.equal(!expanded.ok && expanded.key, key);
    assert.match(expanded.ok ? "" : expanded.message, message);
  }
});

test("rules and the names in them ignore case, and a lone map is a list of one", () => {
  const legsOf = (matrix: Record<string, Json>): unknown => {
    const expanded = expandMatrix(matrix);
    return expanded.ok ? expanded.legs.map((leg) => leg.matrix) : expanded.message;
  };
  const os = ["l", "w"];
  assert.deepEqual(legsOf({ OS: os, Exclude: { os: "L" } }), [{ OS: "w" }]);
  assert.deepEqual(legsOf({ os, INCLUDE: [{ Os: "l", x: 1 }, { OS: "m" }] }), [
    { os: "l", x: 1 },
    { os: "w" },
    { os: "m" },
  ]);
});
