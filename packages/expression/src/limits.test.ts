import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, evaluate, evaluateCondition, interpolate, mentionsStatusFunction, type Context } from "./index.ts";

const context: Context = { names: { a: { a: 1 } }, variables: { value: "ab".repeat(20_000), x: "v" } };
const deep = 20_000;

test("what is too deep or too long is said to be so, whatever it is made of", () => {
  const texts = [
    `${"(".repeat(deep)}1${")".repeat(deep)}`,
    `${"((".repeat(150)}1${"))".repeat(150)}`,
    `${"!".repeat(300)}true`,
    `a${".a".repeat(5_000)}`,
    `1${" == 1".repeat(3_000)}`,
    `a${"[a".repeat(300)}`,
  ];
  for (const text of texts) {
    const result = evaluate(text, context);
    assert.equal(result.is, "error", text.slice(0, 40));
    assert.match(
      result.is === "error" ? result.message : "",
      /nested deeper than 200|longer than 21000|Exceeded max expression depth 50/,
    );
    assert.equal(mentionsStatusFunction(`${text} && success()`), false);
  }
  assert.deepEqual(evaluate(`${"(".repeat(20)}1${")".repeat(20)}`, context), { is: "value", value: 1 });
});

test("older conditions may be as deep, and no deeper", () => {
  for (const open of ["(", "-not ", "!", "@(", "$("]) {
    const text = `${open.repeat(3_000)}$x -eq 'v'`;
    assert.notEqual(evaluateCondition(text, context).is, "true", open);
  }
  assert.equal(evaluateCondition(`$x${" -eq 'v'".repeat(2_000)}`, context).is, "undecidable");
  assert.equal(evaluateCondition("((($x -eq 'v')))", context).is, "true");
});

test("a text of nothing but beginnings takes no longer than any other", () => {
  const startedAt = process.cpuUsage();
  for (const part of ["{{", "${{ '", "{{x:=", "{{a ", "${{ "]) {
    for (const text of [part.repeat(30_000), `${part.repeat(30_000)}}}`, `${part.repeat(30_000)}'}}`]) {
      assert.equal(
        cut(text)
          .map((piece) => (piece.is === "text" ? piece.text : piece.source))
          .join(""),
        text,
      );
      interpolate(text, context);
    }
  }
  const { user } = process.cpuUsage(startedAt);
  assert.ok(user < 10_000_000, `${user / 1_000} ms`);
});

test("what closes and what does not is told apart as it always was", () => {
  const shown = (text: string): string[] => cut(text).map((piece) => `${piece.is}:${piece.text}`);
  assert.deepEqual(shown("{{ a {{x}} b"), ["text:{{ a ", "brace:x", "text: b"]);
  assert.deepEqual(shown("${{ 'a ${{ 1 }} {{y}}"), ["text:${{ 'a ", "expression:1", "text: ", "brace:y"]);
  assert.deepEqual(shown("${{ '}}' }}"), ["expression:'}}'"]);
  assert.deepEqual(shown("{{x:={{y}}}}{{z"), ["brace:x:={{y}}", "text:{{z"]);
});

test("wildcards and patterns keep nobody waiting", () => {
  const startedAt = process.cpuUsage();
  for (const pattern of ["*a*a*a*a*a*a*a*a*a*a*c", "*?*?*?*?*?*?c", `${"*ab".repeat(500)}c`]) {
    assert.notEqual(evaluateCondition(`{{value}} -like '${pattern}'`, context).is, "true", pattern);
  }
  assert.equal(evaluateCondition("{{value}} -match '[ab]+c'", context).is, "undecidable");
  assert.equal(evaluateCondition("{{value}} -match 'a*\na*\nc'", context).is, "undecidable");
  const { user } = process.cpuUsage(startedAt);
  assert.ok(user < 5_000_000, `${user / 1_000} ms`);
  const likes: [string, string, boolean][] = [
    ["abc", "a*c", true],
    ["ABC", "a?c", true],
    ["abc", "a?", false],
    ["", "*", true],
    ["a.c", "a.c", true],
    ["abc", "*b", false],
    ["aXbXc", "a*b*c", true],
  ];
  for (const [value, pattern, holds] of likes) {
    const decision = evaluateCondition(`'${value}' -like '${pattern}'`, context);
    assert.equal(decision.is, String(holds), `${value} like ${pattern}`);
    assert.equal(evaluateCondition(`'${value}' -notlike '${pattern}'`, context).is, String(!holds));
  }
});
