import type { Context } from "./context.ts";
import type { LegacyNode, LegacyOperator, Node } from "./tree.ts";
import { fold, isList, isObject, isUnknown, numberText, property, toPlain, unknown, type Value } from "./values.ts";

type Evaluate = (node: Node, context: Context) => Value;
type Handled = Exclude<LegacyNode, { is: "truth" }>;

/** The value of what only upstream's forms have. */
export function evaluateLegacy(node: Handled, context: Context, evaluate: Evaluate): Value {
  switch (node.is) {
    case "variable":
      return variable(node.path, context) ?? (node.fallback ? evaluate(node.fallback, context) : null);
    case "environment":
      return context.environment
        ? (context.environment[node.name] ?? null)
        : unknown(`\`$env:${node.name}\` depends on the environment`, { late: false });
    case "platform":
      return context.platform === undefined
        ? unknown("it depends on the platform", { late: false })
        : node.platforms.includes(context.platform);
    case "join": {
      const values = node.of.map((part) => evaluate(part, context));
      return values.find(isUnknown) ?? values.map(legacyText).join("");
    }
    case "list": {
      const values = node.of.map((item) => evaluate(item, context));
      return values.find(isUnknown) ?? values;
    }
    case "legacy":
      return comparison(node.operator, evaluate(node.left, context), evaluate(node.right, context));
    case "unknown":
      return unknown(node.reason, { late: false });
  }
}

/** A variable by name, ignoring case; `a.b` also reads `b` of the object `a`. */
export function variable(path: string, context: Context): Value | undefined {
  return listed(path, context) ?? context.otherVariables;
}

function listed(path: string, context: Context): Value | undefined {
  const variables = context.variables ?? {};
  const whole = property(variables, path);
  if (whole !== undefined || !path.includes(".")) return whole;
  const [head = "", ...rest] = path.split(".");
  let value: Value | undefined = /^variables$/i.test(head) ? variables : property(variables, head);
  for (const name of rest) {
    value = value !== undefined && isObject(value) ? property(value, name) : undefined;
  }
  return value;
}

/** Upstream's truth: also the texts `false`, `$false` and `0` are false. */
export function legacyTruth(value: Value): boolean {
  if (value === null || value === false || value === 0) return false;
  if (typeof value === "string") return !["", "false", "$false", "0"].includes(value.trim().toLowerCase());
  return !(isList(value) && value.length === 0);
}

/** A value as text in the middle of other text: lists with commas, objects as JSON. */
export function legacyText(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberText(value);
  if (typeof value === "boolean") return String(value);
  return isList(value) && value.every((item) => typeof item !== "object" || item === null)
    ? value.map(legacyText).join(",")
    : JSON.stringify(toPlain(value));
}

function comparison(operator: LegacyOperator, left: Value, right: Value): Value {
  if (isUnknown(left)) return left;
  if (isUnknown(right)) return right;
  switch (operator) {
    case "eq":
      return equals(left, right);
    case "ne":
      return !equals(left, right);
    case "lt":
      return order(left, right) < 0;
    case "le":
      return order(left, right) <= 0;
    case "gt":
      return order(left, right) > 0;
    case "ge":
      return order(left, right) >= 0;
    case "in":
      return among(right, left);
    case "notin":
      return !among(right, left);
    case "contains":
      return among(left, right);
    case "notcontains":
      return !among(left, right);
    case "like":
      return like(left, right);
    case "notlike":
      return not(like(left, right));
    case "match":
      return matches(left, right);
    case "notmatch":
      return not(matches(left, right));
  }
}

/** Where one side is a truth value, truth decides; otherwise numbers, then text ignoring case. */
function equals(left: Value, right: Value): boolean {
  if (typeof left === "boolean" || typeof right === "boolean") {
    return legacyTruth(left) === legacyTruth(right);
  }
  if (typeof left === "number" || typeof right === "number") {
    const [a, b] = [number(left), number(right)];
    if (!Number.isNaN(a) && !Number.isNaN(b)) return a === b;
  }
  return fold(legacyText(left)) === fold(legacyText(right));
}

function order(left: Value, right: Value): number {
  const [a, b] = [number(left), number(right)];
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  const [x, y] = [fold(legacyText(left)), fold(legacyText(right))];
  return x < y ? -1 : x > y ? 1 : 0;
}

function number(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null) return 0;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

function among(list: Value, item: Value): boolean {
  return (isList(list) ? list : [list]).some((element) => equals(element, item));
}

/** PowerShell's wildcards `*` and `?`. */
function like(value: Value, pattern: Value): Value {
  const [text, wildcards] = [fold(legacyText(value)), fold(legacyText(pattern))];
  if (text.length * wildcards.length > LIKE_STEPS_MAX) {
    return unknown(`\`-like\` is not evaluated on ${text.length} characters`, { late: false });
  }
  return fitsWildcards(text, wildcards);
}

const LIKE_STEPS_MAX = 100_000_000;

/** Only the last `*` is ever tried again, so it takes no longer than the one length times the other. */
function fitsWildcards(text: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    if (pattern[next] === "*") {
      star = next++;
      starAt = at;
    } else if (next < pattern.length && (pattern[next] === "?" || pattern[next] === text[at])) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      next = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (pattern[next] === "*") next += 1;
  return next === pattern.length;
}

const MATCHED_LENGTH_MAX = 10_000;

/** Only plain patterns are matched: groups with repetition could take for ever. */
function matches(value: Value, pattern: Value): Value {
  const source = legacyText(pattern);
  if (source.length > 200 || /[()\\]|[*+?}][\s\S]*[*+?}]/.test(source)) {
    return unknown(`\`-match '${source}'\` is not evaluated here`, { late: false });
  }
  const text = legacyText(value);
  // One repetition is tried from each place to the end: of a long text that is long enough to be noticed.
  if (text.length > MATCHED_LENGTH_MAX && /[*+?}]/.test(source)) {
    return unknown(`\`-match '${source}'\` is not evaluated on ${text.length} characters`, { late: false });
  }
  try {
    return new RegExp(source, "i").test(text);
  } catch {
    return unknown(`\`-match '${source}'\` is no pattern that is evaluated here`, { late: false });
  }
}

function not(value: Value): Value {
  return isUnknown(value) ? value : !value;
}
