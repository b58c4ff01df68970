import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deadlineIn, deadlinePassed, isoTime, parseTime, spanText } from "./time.ts";

test("isoTime writes what the platform writes, and parseTime reads it back", () => {
  const ms = fc.integer({ min: Date.UTC(0, 0, 1) - 59_958_230_400_000, max: Date.UTC(9999, 11, 31) });
  fc.assert(
    fc.property(ms, (wallMs) => {
      assert.equal(isoTime(wallMs), new Date(wallMs).toISOString());
      assert.equal(parseTime(isoTime(wallMs)), wallMs);
    }),
    { numRuns: 2_000 },
  );
});

test("the edges of the calendar", () => {
  for (const text of [
    "1970-01-01T00:00:00.000Z",
    "1969-12-31T23:59:59.999Z",
    "2000-02-29T12:00:00.000Z",
    "2100-03-01T00:00:00.000Z",
    "2024-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00.000Z",
  ]) {
    assert.equal(parseTime(text), Date.parse(text), text);
    assert.equal(isoTime(Date.parse(text)), text);
  }
  assert.throws(() => parseTime("2024-01-01"), /not a time of ours/);
});

test("deadlines: the monotonic clock decides on its own boot, the wall clock on another", () => {
  const now = { wallMs: 1_000_000, monotonicMs: 500, bootId: "a" };
  const deadline = deadlineIn(now, 100);
  const cases = [
    { at: { wallMs: 1_000_100, monotonicMs: 599, bootId: "a" }, passed: false },
    { at: { wallMs: 0, monotonicMs: 600, bootId: "a" }, passed: true },
    { at: { wallMs: 9_000_000, monotonicMs: 599, bootId: "a" }, passed: false },
    { at: { wallMs: 1_000_099, monotonicMs: 9_999, bootId: "b" }, passed: false },
    { at: { wallMs: 1_000_100, monotonicMs: 0, bootId: "b" }, passed: true },
  ];
  for (const { at, passed } of cases) assert.equal(deadlinePassed(deadline, at), passed);
});

test("spans for people", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1 s"],
    [59_400, "59 s"],
    [90_000, "1 min 30 s"],
    [600_000, "10 min"],
    [7_500_000, "2 h 5 min"],
    [7_200_000, "2 h"],
  ];
  for (const [ms, text] of cases) assert.equal(spanText(ms), text);
});
