/** GitHub's expression language, upstream's conditions, and templates that hold either. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cut,
  evaluate,
  evaluateCondition,
  hasTemplate,
  interpolate,
  isLegacyCondition,
  legacyText,
  legacyTruth,
  mentionsStatusFunction,
  toPlain,
  toText,
  truthy,
  unknown,
  type Context,
} from "@aither/expression";
import { legacyTokens } from "../../../packages/expression/src/legacy-tokens.ts";
import { parseLenientJson } from "../../../packages/expression/src/lenient-json.ts";
import { stable, target, told, type Target } from "../lib/target.ts";
import { sentences } from "../lib/text.ts";
import { expressionText, expressionWords, grammatical, legacy } from "./words.ts";

const long = "ab".repeat(20_000);

const context: Context = {
  names: {
    matrix: { os: "linux", list: [1, "a", null, { b: 2 }], deep: { a: { b: [[1]] } }, long },
    needs: { build: { result: "success", outputs: { x: "1" } }, test: { result: "failure", outputs: {} } },
    env: { CI: "true" },
    vars: { a: "A", n: 5 },
    steps: { x: unknown("later", { late: true }) },
    github: { ref: "refs/heads/main" },
  },
  functions: {
    success: () => true,
    failure: () => false,
    always: () => true,
    cancelled: () => false,
    hashfiles: () => unknown("never", { late: false }),
  },
  variables: {
    x: "v",
    y: "",
    n: 5,
    flag: true,
    list: ["a", "b"],
    map: { y: { z: 1 } },
    long,
    late: unknown("later", { late: true }),
  },
  environment: { CI: "true", HOME: "/home/x" },
  platform: "linux",
};
const bare: Context = { names: {} };

function evaluated(text: string): void {
  for (const within of [context, bare]) {
    const result = stable(() => evaluate(text, within));
    if (result.is === "value") {
      JSON.stringify(toPlain(result.value));
      assert.equal(typeof toText(result.value), "string");
      assert.equal(typeof truthy(result.value), "boolean");
    } else if (result.is === "error")
      assert.ok(
        result.message.length > 0 && !/stack size|not a function|cannot read/i.test(result.message),
        result.message,
      );
  }
}

function decided(text: string): void {
  assert.equal(typeof mentionsStatusFunction(text), "boolean");
  assert.equal(typeof isLegacyCondition(text), "boolean");
  for (const within of [context, bare]) {
    const decision = stable(() => evaluateCondition(text, within));
    if (decision.is === "error") assert.ok(!/stack size|not a function/i.test(decision.message), decision.message);
  }
}

function filled(text: string): void {
  const pieces = stable(() => cut(text));
  assert.equal(
    pieces.map((piece) => (piece.is === "text" ? piece.text : piece.source)).join(""),
    text,
    "a piece was lost",
  );
  if (!hasTemplate(text)) assert.deepEqual(pieces, text === "" ? [] : [{ is: "text", text }]);
  for (const within of [context, bare]) {
    const made = stable(() => interpolate(text, within));
    if (made.is === "value") {
      assert.equal(typeof legacyText(made.value), "string");
      assert.equal(typeof legacyTruth(made.value), "boolean");
    } else if (made.is === "error") assert.ok(!/stack size|not a function/i.test(made.message), made.message);
  }
}

export const expressionTargets: readonly Target[] = [
  target("expression/evaluate", {
    covers: ["evaluate", "toText", "toPlain"],
    share: 10,
    arbitrary: fc.oneof(grammatical, expressionText),
    property: evaluated,
  }),
  target("expression/condition", {
    covers: ["evaluateCondition", "mentionsStatusFunction", "isLegacyCondition", "legacyTokens"],
    share: 8,
    arbitrary: fc.oneof(legacy, expressionText),
    property: (text) => {
      decided(text);
      stable(() => legacyTokens(text));
    },
  }),
  target("expression/template", {
    covers: ["cut", "hasTemplate", "interpolate", "legacyText"],
    share: 8,
    arbitrary: expressionText,
    property: filled,
  }),
  target("expression/compare", {
    covers: ["evaluateCondition"],
    share: 10,
    // A value and a pattern for it, both of any length: where matching may take for ever.
    arbitrary: fc.tuple(
      fc.constantFrom("-like", "-notlike", "-match", "-notmatch", "-contains", "-eq"),
      sentences(["a", "*", "?", "*a", "a*a", "[", "]", "+", ".", "^", "$", "{2,}", "\n", "b"]),
      sentences(["a", "aa", "b", "\n", "ab"]),
    ),
    property: ([operator, pattern, value]) => {
      const within = { ...context, variables: { value, pattern } };
      stable(() => evaluateCondition(`{{value}} ${operator} {{pattern}}`, within));
    },
  }),
  target("expression/from-json", {
    covers: ["parseLenientJson"],
    share: 8,
    arbitrary: fc.oneof(
      sentences([
        ...expressionWords.slice(0, 12),
        "{",
        "}",
        ":",
        "a",
        "//",
        "/*",
        "*/",
        "\\u00e9",
        "\\",
        "NaN",
        "-Infinity",
        "undefined",
        "0x1F",
        "\n",
      ]),
      fc.json(),
    ),
    property: (text) => {
      const result = told(
        () => toPlain(parseLenientJson(text)),
        (error) => error instanceof SyntaxError,
      );
      let plain: unknown;
      try {
        plain = JSON.parse(text);
      } catch {
        return;
      }
      // Whatever is JSON is JSON to it, too.
      if (text.length < 2_000) assert.deepEqual(result, { gave: plain });
    },
  }),
];
