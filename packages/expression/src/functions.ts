import { EvaluationError, type ExpressionFunction } from "./context.ts";
import { parseLenientJson } from "./lenient-json.ts";
import { entries, fold, isList, isObject, isUnknown, looseEquals, toText, type Value } from "./values.ts";

/** GitHub stops an expression whose result grows beyond this. */
const TEXT_LENGTH_MAX = 10 * 1024 * 1024;

/** An argument that is evaluated when it is asked for, and once. */
export type Lazy = () => Value;
export type BuiltIn = (args: readonly Lazy[]) => Value;

/** The built-in functions by lower-case name. Unknown arguments make the result unknown. */
export const builtIns: Readonly<Record<string, BuiltIn>> = {
  contains: eager(contains),
  startswith: eager(([text, part]) => affix(text, part, (a, b) => a.startsWith(b))),
  endswith: eager(([text, part]) => affix(text, part, (a, b) => a.endsWith(b))),
  join: eager(join),
  tojson: eager(([value = null]) => bounded(toPrettyJson(value, ""))),
  fromjson: eager(([value = null]) => fromJson(value)),
  format,
  case: caseOf,
};

function eager(apply: ExpressionFunction): BuiltIn {
  return (args) => {
    const values = args.map((arg) => arg());
    return values.find(isUnknown) ?? apply(values);
  };
}

function contains([search = null, item = null]: readonly Value[]): Value {
  if (isList(search)) return search.some((element) => looseEquals(element, item));
  if (isCompound(search) || isCompound(item)) return false;
  return fold(toText(search)).includes(fold(toText(item)));
}

function affix(text: Value = null, part: Value = null, test: (text: string, part: string) => boolean): Value {
  if (isCompound(text) || isCompound(part)) return false;
  return test(fold(toText(text)), fold(toText(part)));
}

function join([items = null, separator = ","]: readonly Value[]): Value {
  if (!isList(items)) return isCompound(items) ? "" : toText(items);
  const between = isCompound(separator) ? "," : toText(separator);
  return bounded(items.map(toText).join(between));
}

function fromJson(value: Value): Value {
  const text = toText(value);
  try {
    return parseLenientJson(text);
  } catch (error) {
    throw new EvaluationError(`Error parsing fromJSON: ${(error as Error).message}`);
  }
}

/** Two blanks of indent, insertion order, nothing escaped beyond what JSON must. */
function toPrettyJson(value: Value, indent: string): string {
  const inner = `${indent}  `;
  if (isList(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((item) => inner + toPrettyJson(item, inner));
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  if (isObject(value)) {
    const pairs = entries(value);
    if (pairs.length === 0) return "{}";
    const items = pairs.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${toPrettyJson(item, inner)}`);
    return `{\n${items.join(",\n")}\n${indent}}`;
  }
  if (typeof value === "string") return JSON.stringify(value);
  return value === null ? "null" : toText(value);
}

/** `format('{0} {{', x)`. Arguments that the text does not name are never evaluated. */
function format(args: readonly Lazy[]): Value {
  const [templateArg, ...rest] = args;
  const template = templateArg ? templateArg() : null;
  if (isUnknown(template)) return template;
  const text = toText(template);
  let result = "";
  for (let at = 0; at < text.length;) {
    const piece = formatPiece(text, at);
    if (piece === null) throw new EvaluationError(`The following format string is invalid: ${text}`);
    at += piece.length;
    if (piece.is === "text") {
      result += piece.text;
      continue;
    }
    const arg = rest[piece.index];
    if (!arg) {
      const message = "The following format string references more arguments than were supplied";
      throw new EvaluationError(`${message}: ${text}`);
    }
    const value = arg();
    if (isUnknown(value)) return value;
    result = bounded(result + toText(value));
  }
  return result;
}

type FormatPiece =
  | { readonly is: "text"; readonly text: string; readonly length: number }
  | { readonly is: "argument"; readonly index: number; readonly length: number };

function formatPiece(text: string, at: number): FormatPiece | null {
  const two = text.slice(at, at + 2);
  if (two === "{{" || two === "}}") return { is: "text", text: two[0]!, length: 2 };
  if (text[at] === "}") return null;
  if (text[at] !== "{") {
    const plain = /^[^{}]+/.exec(text.slice(at))![0];
    return { is: "text", text: plain, length: plain.length };
  }
  const argument = /^\{(\d{1,3})\}/.exec(text.slice(at));
  if (!argument || Number(argument[1]) > 255) return null;
  return { is: "argument", index: Number(argument[1]), length: argument[0].length };
}

/** `case(predicate, value, …, default)`; only what decides is evaluated. */
function caseOf(args: readonly Lazy[]): Value {
  for (let index = 0; index + 1 < args.length; index += 2) {
    const predicate = args[index]!();
    if (isUnknown(predicate)) return predicate;
    if (typeof predicate !== "boolean") {
      throw new EvaluationError("case predicate must evaluate to a boolean value");
    }
    if (predicate) return args[index + 1]!();
  }
  return args.at(-1)?.() ?? null;
}

function bounded(text: string): string {
  if (text.length > TEXT_LENGTH_MAX) {
    throw new EvaluationError("The maximum allowed memory size was exceeded");
  }
  return text;
}

function isCompound(value: Value): boolean {
  return typeof value === "object" && value !== null;
}
