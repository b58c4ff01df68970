import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { OUTPUT_BYTES_MAX, parseOutputs, readOutputs } from "./outputs.ts";

const cases: [what: string, text: string, outputs: Record<string, string>][] = [
  ["nothing", "", {}],
  ["one line", "version=1.2.3\n", { version: "1.2.3" }],
  ["a value with equal signs", "query=a=b&c=d\n", { query: "a=b&c=d" }],
  ["an empty value", "note=\n", { note: "" }],
  ["blanks stay", "note= a b \n", { note: " a b " }],
  ["the last one counts", "a=1\na=2\n", { a: "2" }],
  ["many lines", "text<<END\none\n\ntwo=2\nEND\nafter=x\n", { text: "one\n\ntwo=2", after: "x" }],
  ["nothing between the words", "text<<END\nEND\n", { text: "" }],
  ["no end: the rest is read as lines", "text<<END\na=1\n", { a: "1" }],
  ["lines of Windows", "a=1\r\nb=2\r\n", { a: "1", b: "2" }],
  ["without a last newline", "a=1", { a: "1" }],
  ["what is neither is passed over", "hello\n=x\n # a\na=1\n", { a: "1" }],
  ["an operator inside a value", "a=x<<y\n", { a: "x<<y" }],
];

for (const [what, text, outputs] of cases) {
  test(`outputs: ${what}`, () => assert.deepEqual(parseOutputs(text), outputs));
}

test("a name that an object has by itself is a name like any other", () => {
  const outputs = parseOutputs("constructor=1\n__proto__=2\n");
  assert.deepEqual(Object.entries(outputs), [
    ["constructor", "1"],
    ["__proto__", "2"],
  ]);
});

test("a script that writes no outputs has none, and one that floods them loses only the flood", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ao-"));
  try {
    const path = join(folder, "x.out");
    assert.deepEqual(await readOutputs(path), {});
    await writeFile(path, `first=1\nflood=${"x".repeat(2 * OUTPUT_BYTES_MAX)}`);
    const outputs = await readOutputs(path);
    assert.equal(outputs["first"], "1");
    assert.equal(outputs["flood"]?.length, OUTPUT_BYTES_MAX - "first=1\nflood=".length);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a file of beginnings without an end is read as fast as any other", () => {
  const startedAt = process.cpuUsage();
  assert.deepEqual(parseOutputs(`END\n${"a<<END\n".repeat(140_000)}b=1\n`), { b: "1" });
  const { user } = process.cpuUsage(startedAt);
  assert.ok(user < 5_000_000, `${user / 1_000} ms`);
});
