import assert from "node:assert/strict";
import { test } from "node:test";
import { literalPrefix, matcherOf } from "./glob.ts";

const cases: [pattern: string, fits: readonly string[], others: readonly string[]][] = [
  ["dist/*.txt", ["dist/a.txt", "dist/.txt"], ["dist/a/b.txt", "dist/a.txt2", "a.txt"]],
  ["dist", ["dist", "dist/a", "dist/a/b"], ["dist2", "a/dist"]],
  ["**/a.txt", ["a.txt", "b/a.txt", "b/c/a.txt"], ["ba.txt", "b/xa.txt"]],
  ["src/**", ["src/a", "src/a/b"], ["src", "lib/src/a"]],
  ["src/**/x", ["src/x", "src/a/x", "src/a/b/x", "src/x/y"], ["src/ax"]],
  ["a?c", ["abc", "a.c"], ["ac", "a/c"]],
  ["[a-c]x", ["ax", "cx"], ["dx", "/x"]],
  ["[!a-c]x", ["dx"], ["ax", "/x"]],
  ["a{b,c*}d", ["abd", "acd", "acxd"], ["ad", "abcd"]],
  ["{a,}b", ["ab", "b"], ["aab"]],
  ["[z-a]", ["[z-a]"], ["z", "b"]],
  ["[", ["["], ["a"]],
  ["{a", ["{a"], ["a"]],
  ["a.b", ["a.b"], ["axb"]],
  ["*", ["a", "a/b", "a\nb"], []],
];

test("globs fit what they say", () => {
  for (const [pattern, fit, others] of cases) {
    for (const path of fit) assert.equal(matcherOf(pattern)(path), true, `${pattern} fits ${path}`);
    for (const path of others) assert.equal(matcherOf(pattern)(path), false, `${pattern} does not fit ${path}`);
  }
  assert.equal(literalPrefix("a/b/*.txt"), "a/b");
});

test("no glob keeps anybody waiting", () => {
  const startedAt = process.cpuUsage();
  const path = `${"a/".repeat(500)}${"a".repeat(2_000)}`;
  for (const pattern of ["**/**/**/**/**/**/x", `${"*a".repeat(40)}b`, `${"{a,aa}".repeat(40)}b`, "[".repeat(20_000)]) {
    assert.equal(matcherOf(pattern)(path), false);
  }
  const { user } = process.cpuUsage(startedAt);
  assert.ok(user < 5_000_000, `${user / 1_000} ms`);
});
