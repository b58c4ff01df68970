import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptStem, bellName, dateOf, encodeKey, isJobId } from "./layout.ts";

test("a key becomes a name that a person can read and a shell need not quote", () => {
  assert.equal(encodeKey("build/0402"), "build~0402");
  assert.equal(encodeKey("test[2]/unit"), "test%5B2%5D~unit");
  assert.equal(attemptStem({ script: "build/0402", attempt: 3 }), "build~0402.3");
});

test("no key escapes its folder", () => {
  for (const key of ["..", ".", "../../etc/passwd", "a/../b", "\0", "a\nb", "-rf", "~", "%2F", "ä/ö"]) {
    assert.match(encodeKey(key), /^(?!\.)[A-Za-z0-9_.~%-]+$/, key);
  }
});

test("different keys have different names, however long or odd", () => {
  const long = "s".repeat(300);
  const keys = [
    "a/b",
    "a~b",
    "a%2Fb",
    "a%b",
    "A/b",
    `${long}1`,
    `${long}2`,
    `${"ü".repeat(80)}1`,
    `${"ü".repeat(80)}2`,
  ];
  assert.equal(new Set(keys.map(encodeKey)).size, keys.length);
});

test("a bell's name fits into 255 bytes with the longest key there can be", () => {
  const jobId = "7f3a0b1c-2d4e-4f60-8a9b-0c1d2e3f4a5b";
  const name = bellName({ jobId, script: "ß".repeat(500), attempt: 1_000 });
  assert.ok(Buffer.byteLength(name) <= 160, name);
  assert.ok(encodeKey("x".repeat(500)).length <= 100);
});

test("only a UUID is a job id", () => {
  assert.ok(isJobId("7f3a0b1c-2d4e-4f60-8a9b-0c1d2e3f4a5b"));
  for (const text of [
    "..",
    "",
    "7f3a",
    "7F3A0B1C-2D4E-4F60-8A9B-0C1D2E3F4A5B",
    "7f3a0b1c-2d4e-4f60-8a9b-0c1d2e3f4a5b/..",
  ]) {
    assert.ok(!isJobId(text), text);
  }
});

test("a day's folder is named in UTC", () => {
  assert.equal(dateOf("2026-11-22T23:59:59.999Z"), "2026-11-22");
  assert.equal(dateOf("2026-11-22T23:30:00.000-02:00"), "2026-11-23");
});
