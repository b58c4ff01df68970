import assert from "node:assert/strict";
import { test } from "node:test";
import { plainJson } from "./plain-json.ts";

test("comments and commas too many become blanks, and nothing else changes its place", () => {
  const rows: [text: string, plain: string][] = [
    ['{"a": 1} // b', '{"a": 1}     '],
    ['{"a": /* b\n */ 1}', '{"a":     \n    1}'],
    ["[1, 2, ]", "[1, 2  ]"],
    ['{"a": [1,], }', '{"a": [1 ]  }'],
    ['["//", "/* */", ",]", "a\\"//"]', '["//", "/* */", ",]", "a\\"//"]'],
    ["[1, // one\n]", "[1        \n]"],
    ["[1,, 2]", "[1,, 2]"],
    ["/* no end", "         "],
  ];
  for (const [text, plain] of rows) {
    const made = plainJson(text);
    assert.deepEqual([made.text, made.first === null], [plain, plain === text], text);
  }
});

test("comments without an end keep nobody waiting", () => {
  const startedAt = process.cpuUsage();
  plainJson("/*".repeat(500_000));
  plainJson(`"${"/*".repeat(500_000)}`);
  plainJson(`[${",".repeat(500_000)}`);
  const { user } = process.cpuUsage(startedAt);
  assert.ok(user < 3_000_000, `${user / 1_000} ms`);
});
