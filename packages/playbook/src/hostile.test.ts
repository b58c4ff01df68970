/** Texts that were made to keep a reader waiting, or to make it fall over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePsd1, pointAt, readPlaybook, readScriptHeader } from "./index.ts";

test("brackets in texts in brackets, none of them closed, are given up soon", () => {
  const startedAt = process.cpuUsage();
  const texts = [
    '@{a="' + '$("'.repeat(10_000),
    "@{a={" + "@'\n".repeat(15_000),
    '@{a={"' + '$("a")"$("'.repeat(4_000),
  ];
  for (const text of texts) {
    assert.equal(parsePsd1(text).ok, false);
    assert.deepEqual(readScriptHeader(`param(${text}`.slice(0, 32_768), true).parameters, []);
  }
  const { user } = process.cpuUsage(startedAt);
  assert.ok(user < 10_000_000, `${user / 1_000} ms`);
});

test("a playbook that is nested too deep is refused, in any syntax", () => {
  const lists = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  for (const [text, file] of [
    [`{"orchestration": {"variables": {"a": ${lists(30_000)}}, "jobs": {"a": {"steps": []}}}}`, "a.json"],
    [`orchestration: {variables: {a: ${lists(30_000)}}, jobs: {}}`, "a.yaml"],
    [`@{ Stages = ${"@(".repeat(30_000)}`, "a.psd1"],
  ] as const) {
    const read = readPlaybook(text, file);
    assert.equal(read.ok, false, file);
    assert.match(read.findings[0]?.message ?? "", /nested deeper|nesting exceeded/);
  }
});

test("a key that would change what the model is, is refused", () => {
  for (const [text, file] of [
    ['{"orchestration": {"jobs": {"a": {"steps": [], "env": {"__proto__": "x"}}}}}', "a.json"],
    ["orchestration: {jobs: {__proto__: {steps: []}}}", "a.yaml"],
    ["@{ Stages = @(@{ Name = 'a'; '__proto__' = 1 }) }", "a.psd1"],
  ] as const) {
    const read = readPlaybook(text, file);
    assert.equal(read.ok, false, file);
    assert.equal(read.findings[0]?.code, "forbidden-key");
  }
});

test("a place is in the text, also when the text ends too early", async () => {
  const read = readPlaybook("{", "a.yaml");
  const [diagnostic] = await pointAt(read.findings, read.source);
  assert.deepEqual([diagnostic?.line, diagnostic?.col], [1, 2]);
});

test("a message stays readable, whatever it names", async () => {
  const text = JSON.stringify({
    orchestration: { jobs: { a: { steps: [], ["x".repeat(20_000)]: 1, timeout: "y".repeat(20_000) } } },
  });
  const read = readPlaybook(text, "a.json");
  const diagnostics = await pointAt(read.findings, read.source);
  assert.ok(diagnostics.length > 0);
  for (const { message } of diagnostics) assert.ok(message.length <= 2_010, `${message.length} characters`);
});
