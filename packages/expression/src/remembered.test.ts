import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateCondition, interpolate } from "./index.ts";
import { rememberParsed } from "./remembered.ts";

test("a text is parsed once, for as long as the same may stand in it", () => {
  const parsed: string[] = [];
  const parse = rememberParsed((text, { contexts, functions }) => {
    parsed.push(text);
    return `${text} ${[...contexts].join()} ${[...functions].join()}`;
  });
  const options = { contexts: ["a"], functions: ["f"] };
  assert.equal(parse("x", options), "x a f");
  assert.equal(parse("x", { contexts: ["a"], functions: ["f"] }), "x a f");
  assert.deepEqual(parsed, ["x"]);
  assert.equal(parse("x", { contexts: ["a", "b"], functions: ["f"] }), "x a,b f");
  assert.equal(parse("x", { contexts: ["a"], functions: [] }), "x a ");
  assert.equal(parse("x", options), "x a f");
  assert.deepEqual(parsed, ["x", "x", "x"]);
});

test("thousands of texts and contexts are not all kept, and long texts never", () => {
  let count = 0;
  const parse = rememberParsed((text) => {
    count += 1;
    return text;
  });
  const options = { contexts: ["a"], functions: [] };
  for (const round of [1, 2]) {
    for (let index = 0; index < 1_500; index += 1) assert.equal(parse(`x${index}`, options), `x${index}`);
    assert.ok(count > 1_500 * round - 1_000, "not all of them");
  }
  for (let index = 0; index < 50; index += 1) assert.equal(parse("x", { ...options, contexts: [`${index}`] }), "x");
  count = 0;
  const long = "x".repeat(5_000);
  for (let index = 0; index < 3; index += 1) assert.equal(parse(long, options), long);
  assert.equal(count, 3);
});

test("the same template and condition mean what their own context says", () => {
  const withMatrix = { names: { matrix: { a: 1 } }, variables: { x: "1" } };
  const without = { names: {}, variables: { x: "2" } };
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(interpolate("{{x}}-${{ matrix.a }}", withMatrix), { is: "value", value: "1-1", missing: [] });
    assert.equal(interpolate("{{x}}-${{ matrix.a }}", without).is, "error");
    assert.deepEqual(evaluateCondition("{{x}} -eq 1", withMatrix), { is: "true" });
    assert.deepEqual(evaluateCondition("{{x}} -eq 1", without), { is: "false" });
    assert.deepEqual(evaluateCondition("matrix.a == 1", withMatrix), { is: "true" });
    assert.equal(evaluateCondition("matrix.a == 1", without).is, "error");
    assert.equal(evaluateCondition("failure()", { ...withMatrix, functions: { failure: () => true } }).is, "true");
    assert.equal(evaluateCondition("failure()", withMatrix).is, "undecidable");
  }
});
