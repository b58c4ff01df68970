import assert from "node:assert/strict";
import { test } from "node:test";
import { startTime } from "./at.ts";

const now = new Date(2026, 4, 10, 22, 0, 0).getTime();
const local = (day: number, hours: number, minutes: number): string =>
  new Date(2026, 4, day, hours, minutes, 0).toISOString();

test("an hour is the next time that the clock says so, here", () => {
  assert.equal(startTime("22:30", now), local(10, 22, 30));
  assert.equal(startTime("7:05", now), local(11, 7, 5));
  assert.equal(startTime("22:00", now), local(11, 22, 0), "now is over");
});

test("so long from now, and dates with and without a zone", () => {
  assert.equal(startTime("+10m", now), new Date(now + 600_000).toISOString());
  assert.equal(startTime("+90", now), new Date(now + 90_000).toISOString());
  assert.equal(startTime("2026-05-12T09:15", now), local(12, 9, 15));
  assert.equal(startTime("2026-05-12 09:15", now), local(12, 9, 15));
  assert.equal(startTime("2026-05-12T09:15:30Z", now), "2026-05-12T09:15:30.000Z");
  assert.equal(startTime("2026-05-12T09:15+02:00", now), "2026-05-12T07:15:00.000Z");
});

test("what is no time is refused", () => {
  for (const text of ["24:00", "12:60", "noon", "10m", "2026-05-12", "2026-13-01T00:00", ""]) {
    assert.throws(() => startTime(text, now), /--at/, text);
  }
});

test("what is too far away for a date of four digits is refused", () => {
  for (const text of ["+99999999d", `+${"9".repeat(400)}`, "9999-12-31T23:59:00-12:00", "0001-01-01T00:00Z"]) {
    assert.throws(() => startTime(text, now), /too far away/, text);
  }
});
