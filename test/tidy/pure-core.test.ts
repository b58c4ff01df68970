import assert from "node:assert/strict";
import { test } from "node:test";
import { mask } from "./lib/mask.ts";
import { isTest, typescript } from "./lib/sources.ts";

/** What ticks, rolls, blocks or talks. The linter forbids the same names; this also sees types and `async`. */
const impure: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/(?<![.\w$])Date\b/, "time is a parameter"],
  [/(?<![.\w$])performance\b/, "time is a parameter"],
  [/\bMath\s*\.\s*random\b/, "chance is a parameter"],
  [/(?<![.\w$])crypto\b/, "chance is a parameter"],
  [/(?<![.\w$])(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, "the core cannot wait"],
  [/(?<![.\w$])async\b(?!\s*:)/, "the core cannot wait"],
  [/(?<![.\w$])await\b/, "the core cannot wait"],
  [/(?<![.\w$])Promise\b/, "the core cannot wait"],
  [/(?<![.\w$])process\s*[.[]/, "the core knows no process"],
  [/(?<![.\w$])console\s*\./, "the core talks in events"],
  [/(?<![.\w$])fetch\s*\(/, "the core does no I/O"],
  [/(?<![.\w$])globalThis\b/, "no way around the list"],
  [/(?<![.\w$])eval\s*\(|\bnew\s+Function\b/, "code is not data"],
];

function impurities(text: string): readonly string[] {
  return mask(text)
    .code.split("\n")
    .flatMap((line, index) =>
      impure.filter(([pattern]) => pattern.test(line)).map(([, why]) => `${index + 1}: ${line.trim()} — ${why}`),
    );
}

for (const folder of ["packages/core/src", "packages/expression/src"]) {
  test(`${folder} holds nothing that ticks, rolls, blocks or talks`, () => {
    const sources = typescript(folder).filter((source) => !isTest(source.path));
    assert.ok(sources.length > 0, "the check must see the code");
    const found = sources.flatMap((source) => impurities(source.text).map((line) => `${source.path}:${line}`));
    assert.deepEqual(found, []);
  });
}

test("a planted impurity is seen", () => {
  const lines = [
    "const now = Date.now();",
    "const now = new Date();",
    "const roll = Math.random();",
    "setTimeout(() => {}, 1);",
    "async function f() {}",
    "const later: Promise<void> = x;",
    "if (process.env) {}",
    'console.log("x");',
    "const g = globalThis;",
    'const f = new Function("x");',
  ];
  for (const line of lines) assert.equal(impurities(line).length, 1, line);
});

test("words in comments, texts and members are not impurities", () => {
  const lines = [
    "// Date.now() is forbidden",
    'const text = "Math.random()";',
    "event.process.id;",
    "const endDate = 1;",
  ];
  for (const line of lines) assert.deepEqual(impurities(line), [], line);
});
