import { type Context, EvaluationError } from "./context.ts";
import { cut } from "./cut.ts";
import { evaluateNode } from "./evaluate.ts";
import { parseOptions } from "./interpolate.ts";
import { isLegacyCondition, parseLegacy } from "./legacy.ts";
import { legacyTruth } from "./legacy-values.ts";
import { parse, type ParseOptions, statusFunctions } from "./parse.ts";
import { rememberParsed } from "./remembered.ts";
import { calledFunctions, type Node, visit } from "./tree.ts";
import { isUnknown, truthy, type Value } from "./values.ts";

export type Evaluation =
  | { readonly is: "value"; readonly value: Value }
  | { readonly is: "unknown"; readonly reason: string; readonly late: boolean }
  | {
      readonly is: "error";
      readonly kind: "lexing" | "parsing" | "evaluation";
      readonly message: string;
    };

export type Decision =
  | { readonly is: "true" }
  | { readonly is: "false" }
  /** `late`: it will be decidable when the run has come that far; otherwise never. */
  | { readonly is: "undecidable"; readonly reason: string; readonly late: boolean }
  | { readonly is: "error"; readonly message: string };

/** The value of one expression of GitHub's language (without `${{ }}`). */
export function evaluate(text: string, context: Context): Evaluation {
  const parsed = parse(text, parseOptions(context));
  if (!parsed.ok) return { is: "error", kind: parsed.kind, message: parsed.message };
  return run(parsed.node, context);
}

/**
 * Decides a condition: GitHub's `if` (with or without `${{ }}`), or one of upstream's forms. Nothing is added: whether
 * `success()` is implied is the caller's (see `mentionsStatusFunction`).
 */
export function evaluateCondition(text: string, context: Context): Decision {
  const read = readCondition(text, context);
  if (read.is === "error") return read;
  const result = run(read.node, context);
  if (result.is === "error") return { is: "error", message: result.message };
  if (result.is === "unknown") return { is: "undecidable", reason: result.reason, late: result.late };
  const holds = read.legacy ? legacyTruth(result.value) : truthy(result.value);
  return { is: holds ? "true" : "false" };
}

/** True when a condition calls success(), failure(), always() or cancelled() anywhere (not inside quotes). */
export function mentionsStatusFunction(text: string): boolean {
  return /success|failure|always|cancelled/i.test(text) && callsStatusFunction(text, noOptions);
}

const noOptions: ParseOptions = { contexts: [], functions: [] };

const callsStatusFunction = rememberParsed((text): boolean => {
  const names = new Set([...text.matchAll(/[A-Za-z_]\w*/g)].map(([name]) => name));
  const read = parseCondition(text, {
    contexts: names,
    functions: new Set([...names].map((name) => name.toLowerCase())),
  });
  if (read.is === "error") return false;
  return [...calledFunctions(read.node)].some((name) => statusFunctions.has(name));
});

type ReadCondition =
  | { readonly is: "node"; readonly node: Node; readonly legacy: boolean }
  | { readonly is: "error"; readonly message: string };

function readCondition(text: string, context: Context): ReadCondition {
  return parsedCondition(text, parseOptions(context));
}

const parsedCondition = rememberParsed(parseCondition);

function parseCondition(text: string, options: ParseOptions): ReadCondition {
  if (isLegacyCondition(text)) {
    const node = parseLegacy(text, options);
    // `contains(variables.list, 'a')` looks like both, and is GitHub's; `{{x}}` and `$x` are not.
    const modern = holdsUnknown(node) && !/\{\{|\$/.test(text) ? parse(text, options) : null;
    return modern?.ok ? { is: "node", node: modern.node, legacy: false } : { is: "node", node, legacy: true };
  }
  const pieces = cut(text);
  const [only] = pieces;
  if (pieces.length > 1) return { is: "node", node: parts(text, options), legacy: false };
  // `True` and `FALSE`, as programs write truth values, mean what they say, though GitHub's language takes small letters only.
  const expression =
    only?.is === "expression" ? only.text : text.replace(/^\s*(true|false)\s*$/i, (word) => word.toLowerCase());
  const parsed = parse(expression, options);
  return parsed.ok ? { is: "node", node: parsed.node, legacy: false } : { is: "error", message: parsed.message };
}

function holdsUnknown(node: Node): boolean {
  let holds = false;
  visit(node, ({ is }) => {
    holds ||= is === "unknown";
  });
  return holds;
}

/** Text around a `${{ }}` makes the whole a text, which is true unless it is empty: GitHub's rule, kept as it is. */
function parts(text: string, options: ParseOptions): Node {
  const of = cut(text).map((piece): Node => {
    if (piece.is === "text") return { is: "literal", value: piece.text };
    const parsed = parse(piece.text, options);
    return parsed.ok ? parsed.node : { is: "unknown", reason: parsed.message };
  });
  return { is: "join", of };
}

function run(node: Node, context: Context): Evaluation {
  try {
    const value = evaluateNode(node, context);
    return isUnknown(value) ? { is: "unknown", reason: value.reason, late: value.late } : { is: "value", value };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { is: "error", kind: "evaluation", message: error.message };
  }
}
