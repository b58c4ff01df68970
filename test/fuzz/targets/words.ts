/** Expressions, conditions and templates: by their grammars, and sentences of their words. */
import fc from "fast-check";
import { sentences } from "../lib/text.ts";

const literal = fc.oneof(
  fc.constantFrom(
    "true",
    "false",
    "null",
    "0",
    "1",
    "-1.5",
    "0x1F",
    "1e3",
    "NaN",
    "Infinity",
    "''",
    "'a'",
    "'it''s'",
    "'{0} {1}'",
    "'[1, 2]'",
  ),
  fc.constantFrom(`'{"a": [1, {"b": null}]}'`, "'}}'", "'${{ 1 }}'"),
);
const access = fc.constantFrom(
  "matrix.os",
  "matrix['os']",
  "matrix.*",
  "needs.build.outputs.x",
  "needs.*.result",
  "env.CI",
  "vars.a",
  "steps.x.outputs.y",
  "github.ref",
  "matrix.list[0]",
  "matrix.deep.a.b",
  "nothing.here",
  "matrix",
);
const name = fc.constantFrom(
  "contains",
  "startsWith",
  "endsWith",
  "format",
  "join",
  "toJSON",
  "fromJSON",
  "case",
  "success",
  "failure",
  "always",
  "cancelled",
  "hashFiles",
  "nope",
);

/** GitHub's language, mostly right. */
export const grammatical: fc.Arbitrary<string> = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthIdentifier: "expression" },
    literal,
    access,
    fc
      .tuple(tie("expression"), fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "&&", "||"), tie("expression"))
      .map(([a, operator, b]) => `${a} ${operator} ${b}`),
    tie("expression").map((inner) => `!${inner}`),
    tie("expression").map((inner) => `(${inner})`),
    fc
      .tuple(name, fc.array(tie("expression"), { maxLength: 3 }))
      .map(([called, args]) => `${called}(${args.join(", ")})`),
    fc.tuple(access, tie("expression")).map(([of, index]) => `${of}[${index}]`),
  ),
})).expression;

const legacyOperand = fc.constantFrom(
  "{{x}}",
  "$x",
  "$env:CI",
  "'a'",
  '"b"',
  "1",
  "$true",
  "$null",
  "Variables.x.y",
  "{{a:=1}}",
  "{{a:={{x}}}}",
  "@('a', 'b')",
  "$IsLinux",
  "(Test-Path './x')",
  "$(x)",
);
/** Upstream's conditions, mostly right. */
export const legacy: fc.Arbitrary<string> = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, depthIdentifier: "condition" },
    legacyOperand,
    fc
      .tuple(
        legacyOperand,
        fc.constantFrom(
          "-eq",
          "-ne",
          "-lt",
          "-ge",
          "-in",
          "-contains",
          "-like",
          "-match",
          "-notmatch",
          "==",
          "!=",
          "<",
        ),
        legacyOperand,
      )
      .map(([a, operator, b]) => `${a} ${operator} ${b}`),
    fc
      .tuple(tie("condition"), fc.constantFrom("-and", "-or", "&&", "||"), tie("condition"))
      .map(([a, operator, b]) => `${a} ${operator} ${b}`),
    tie("condition").map((inner) => `(${inner})`),
    tie("condition").map((inner) => `-not ${inner}`),
    tie("condition").map((inner) => `!${inner}`),
  ),
})).condition;

export const expressionWords = [
  "(",
  ")",
  "[",
  "]",
  ".",
  "*",
  ",",
  "'",
  "''",
  '"',
  "!",
  "==",
  "!=",
  "<",
  ">=",
  "&&",
  "||",
  " ",
  "\n",
  "matrix",
  "needs",
  "env",
  "success()",
  "failure()",
  "contains(",
  "format('{0}', ",
  "fromJSON('",
  "toJSON(",
  "join(",
  "1",
  "0x",
  "1e999",
  "-",
  "$",
  "{{",
  "}}",
  "${{ ",
  " }}",
  "{{x:=",
  "$env:",
  "$(",
  "@(",
  "-eq",
  "-like ",
  "-match ",
  "-and ",
  "-or ",
  "-not ",
  "-in ",
  "Variables.",
  "Test-Path",
  "'*a*a'",
  "'a+a'",
  "[Environment]::",
  "aaaaaaaa",
  "{0}",
  "{",
];

export const expressionText: fc.Arbitrary<string> = fc.oneof(
  grammatical,
  legacy,
  grammatical.map((one) => `\${{ ${one} }}`),
  fc
    .tuple(fc.constantFrom("a ", "", "{{x}} "), grammatical, fc.constantFrom("", " b", "{{y}}"))
    .map(([a, one, b]) => `${a}\${{ ${one} }}${b}`),
  sentences(expressionWords, [
    ["(", ")"],
    ["[", "]"],
    ["{{x:=", "}}"],
    ["!", ""],
    ["-not ", ""],
    ["@(", ")"],
    ["$(", ")"],
    ["matrix[", "]"],
    ["toJSON(", ")"],
    ["${{ '", "' }}"],
    ["1 == ", ""],
  ]),
);
