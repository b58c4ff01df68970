import assert from "node:assert/strict";
import { test } from "node:test";
import { finderOf } from "./query.ts";
import { staysInLine, wordOf } from "./regex.ts";

test("the word that a regex cannot do without is found, and none is made up", () => {
  for (const [source, word] of [
    ["error: \\w+ failed", "error: "],
    ["^warning$", "warning"],
    ["colou?r", "colo"],
    ["abc*def", "def"],
    ["abcd{0,3}ef", "abc"],
    ["abcd+efg", "abcd"],
    ["one|three", null],
    ["(one|three) four", " four"],
    ["(?:x|y)z", null],
    ["[abc]def", "def"],
    ["[\\]abc]", null],
    ["a\\.b\\/c", "a.b/c"],
    ["\\u0041bcd", "bcd"],
    ["\\x41bcd\\p{L}", "bcd"],
    ["\\1234abc", "abc"],
    ["\\cJabc", "abc"],
    ["é abc", " abc"],
    [".*", null],
    ["(a(b)c\\)(d))efg", "efg"],
    ["a{b}cd", "cd".length >= 3 ? "cd" : null],
  ] as const) {
    assert.equal(wordOf(source), word, source);
  }
});

test("a regex stays in its line unless something in it may not", () => {
  for (const source of ["a.*b", "^\\d+$", "[a-z]{2}\\b", "(?:a|b)\\.", "(x)\\1", "\\S"])
    assert.ok(staysInLine(source), source);
  for (const source of [
    "[^a]",
    "\\s",
    "\\W",
    "\\D",
    "a\\n",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?<n>a)",
    "\\x0a",
    "\\u000a",
    "\\P{L}",
    "\t",
    "\\t",
    "é",
    "\\cJ",
    "a\\",
  ]) {
    assert.ok(!staysInLine(source), source);
  }
});

/** What it means: each line by itself, without the carriage return before its end. */
function naive(text: string, source: string, flags: string): [number, string][] {
  const all = text.split("\n");
  if (all.at(-1) === "") all.pop();
  return all
    .map((line, index): [number, string] => [index, line.endsWith("\r") ? line.slice(0, -1) : line])
    .filter(([, line]) => new RegExp(source, flags).test(line));
}

test("whatever way is taken, the lines are those that fit by themselves", () => {
  const alphabet = [
    "a",
    "b",
    "x1",
    "error",
    " ",
    "-",
    ".",
    "\r",
    "\n",
    "\n",
    "\r\n",
    "é",
    "\u2028",
    "É",
    "0",
    "A",
    "\t",
    "\u0000",
  ];
  const pieces = [
    "a",
    "b",
    "\\d",
    "\\w",
    "\\s",
    "\\S",
    ".",
    "[ab]",
    "[^a]",
    "^",
    "$",
    "\\b",
    "\\B",
    "error",
    "er+or",
    "(a|b)",
    "(?:x1)?",
    "a*",
    "b+",
    "(?!\\s)",
    "(?<=a)",
    "|",
    "é",
    "\\.",
    "-",
    "r{2}",
    "(b)\\1",
  ];
  let seed = 7;
  const pick = <T>(from: readonly T[]): T => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return from[Math.floor((seed / 2_147_483_648) * from.length)]!;
  };
  const ways = new Set<string>();
  let found = 0;
  for (let round = 0; round < 6_000; round += 1) {
    const source = Array.from({ length: 1 + (round % 4) }, () => pick(pieces)).join("");
    const text = Array.from({ length: 60 }, () => pick(alphabet)).join("");
    const ignoreCase = round % 5 === 0;
    let query;
    try {
      query = finderOf({ text: source, regex: true, ignoreCase });
    } catch {
      continue;
    }
    ways.add(`${wordOf(source) !== null} ${staysInLine(source)}`);
    const hits = [...query.find(Buffer.from(text))].map(({ before, text: its }): [number, string] => [before, its]);
    const wanted = naive(text, source, ignoreCase ? "i" : "");
    // Of several returns before the end of a line only the last one belongs to it; which are shown is nobody's matter.
    const shown = (all: readonly [number, string][]) => all.map(([line, its]) => [line, its.replace(/\r+$/, "")]);
    assert.deepEqual(shown(hits), shown(wanted), JSON.stringify([source, text]));
    found += wanted.length;
  }
  assert.ok(found > 10_000 && ways.size === 4, `${found} ${[...ways].join(", ")}`);
});
