import assert from "node:assert/strict";
import { test } from "node:test";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { evaluate, evaluateCondition, toPlain, type Value } from "./index.ts";

/**
 * Sentences of GitHub's language that nobody chose, against GitHub's own TypeScript evaluator. Left out is where that
 * one differs from GitHub's runner, which ours follows: numbers as .NET prints them, and JSON that is none.
 */

const names: Record<string, Value> = {
  matrix: { os: "linux", list: ["a", "B", 1] },
  needs: { a: { result: "success", outputs: { x: "1" } }, b: { result: "failure", outputs: { x: "2", y: "3" } } },
  event: { labels: [{ name: "bug", id: 1 }, { name: "Feature" }], none: null, deep: [[1, 2], [3]] },
  empty: {},
};

const literals =
  "1 0 -1 1.5 0x1F '' 'a' 'A' '1' ' 1 ' '1.50' 'true' 'ı' 'I' 'i' 'K' 'σ' 'ς' '0x1f' '1e2' '-' 'NaN' 'Infinity' '+1' '.5' '1.' '0x' '1_0' true false null NaN";
const paths =
  "matrix matrix.os matrix.list matrix.nope event event.labels event.labels.*.name event.labels.*.id event.none event.deep event.deep.* needs.*.result needs.*.outputs needs.*.outputs.* empty";
const ends = ["", ".*", "[0]", "['A']", ".name", "[*]", "[1]", "['1']", "[true]", "[-1]", "[0.9]", ".x", "['*']"];
const operators = ["==", "!=", "<", "<=", ">", ">=", "&&", "||"];

type Pick = <T>(items: readonly T[]) => T;

function sentence(pick: Pick, depth: number): string {
  const inner = (): string => sentence(pick, depth - 1);
  const kind =
    depth === 0 ? pick(["literal", "path"]) : pick(["literal", "path", "not", "group", "two", "two", "call"]);
  switch (kind) {
    case "literal":
      return pick(literals.split(/ (?![^']*'(?: |$))/));
    case "path":
      return pick(paths.split(" ")) + pick(ends) + pick(ends);
    case "not":
      return `!${inner()}`;
    case "group":
      return `(${inner()})`;
    case "two":
      return `${inner()} ${pick(operators)} ${inner()}`;
    default:
      return pick([
        () => `${pick(["contains", "startsWith", "endsWith"])}(${inner()}, ${inner()})`,
        () => `join(${inner()}, ${inner()})`,
        () => `JOIN(${inner()})`,
        () => `format('{1}-{{{0}}}', ${inner()}, ${inner()})`,
        () => `case(${inner()}, ${inner()}, ${inner()})`,
        () => `toJSON(${pick(paths.split(" "))})`,
        () => `fromJSON('{"a":[1,{"B":null}]}').${pick(["a", "A", "*", "a.*", "b"])}${pick(ends)}`,
      ])();
  }
}

function toData(value: Value): data.ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "string") return new data.StringData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  return new data.Dictionary(...Object.entries(value).map(([key, item]) => ({ key, value: toData(item as Value) })));
}

function fromData(value: data.ExpressionData): unknown {
  if (value.kind === data.Kind.Array) return value.values().map(fromData);
  if (value.kind === data.Kind.Dictionary) {
    return Object.fromEntries(value.pairs().map((pair) => [pair.key, fromData(pair.value)]));
  }
  return value.kind === data.Kind.Null ? null : value.value;
}

const context = toData(names) as data.Dictionary;

function theirs(text: string): unknown {
  try {
    const tree = new Parser(new Lexer(text).lex().tokens, Object.keys(names), []).parse();
    return fromData(new Evaluator(tree, context).evaluate());
  } catch {
    return "an error";
  }
}

function ours(text: string): unknown {
  const result = evaluate(text, { names });
  return result.is === "value" ? toPlain(result.value) : "an error";
}

test("sentences that nobody chose mean what they mean to GitHub", () => {
  let state = 20_261_129;
  const pick: Pick = (items) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return items[(state >>> 8) % items.length]!;
  };
  let values = 0;
  for (let count = 0; count < 20_000; count += 1) {
    const text = sentence(pick, 3);
    const wanted = theirs(text);
    // It evaluates all arguments, also those that `format` and `case` do not need.
    if (wanted === "an error") continue;
    values += 1;
    assert.deepEqual(ours(text), wanted, text);
  }
  assert.ok(values > 5_000, `only ${values} had a value`);
});

test("a condition of functions and variables is GitHub's; one with templates is not", () => {
  const context = { names: { variables: { list: ["a", "b"], mode: "full" } } };
  const decide = (text: string): string => evaluateCondition(text, context).is;
  assert.equal(decide("contains(variables.list, 'B')"), "true");
  assert.equal(decide("startsWith(variables.mode, 'x') || variables.mode == 'full'"), "true");
  assert.equal(decide("!contains(variables.list, 'a')"), "false");
  assert.equal(decide("contains('{{mode}}', 'ul')"), "undecidable");
  assert.equal(decide("Test-Path variables.mode"), "undecidable");
  assert.deepEqual(["True", " FALSE "].map(decide), ["true", "false"]);
});

test("what is of no order is equal to itself", () => {
  for (const text of ["event >= event", "matrix.list <= matrix.list", "null >= null"])
    assert.equal(ours(text), true, text);
  for (const text of ["event > event", "event >= matrix", "NaN >= NaN"]) assert.equal(ours(text), false, text);
});
