import type { Context } from "./context.ts";
import { comparison, numberOf } from "./legacy-compare.ts";
import { legacyText, legacyTruth, spelled } from "./legacy-values.ts";
import type { LegacyNode, LegacyType, Node } from "./tree.ts";
import { entries, isList, isObject, isUnknown, property, unknown, type Value } from "./values.ts";

type Evaluate = (node: Node, context: Context) => Value;
type Handled = Exclude<LegacyNode, { is: "truth" }>;

/** The value of what only upstream's forms have. */
export function evaluateLegacy(node: Handled, context: Context, evaluate: Evaluate): Value {
  switch (node.is) {
    case "variable":
      return (
        variable(node.path, context) ?? (node.fallback ? evaluate(node.fallback, context) : nothing(node.path, node))
      );
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
    case "legacy": {
      const [left, right] = [evaluate(node.left, context), evaluate(node.right, context)];
      const { operator, exact = false } = node;
      return comparison({ operator, exact }, emptied(node.left, left, right), emptied(node.right, right, left));
    }
    case "spelled":
      return onKnown(evaluate(node.of, context), spelled);
    case "cast":
      return onKnown(evaluate(node.of, context), (value) => casted(value, node.to));
    case "emptiness":
      return onKnown(evaluate(node.of, context), (value) =>
        node.blanks ? spelled(value).trim() === "" : spelled(value) === "",
      );
    case "xor": {
      const [left, right] = [evaluate(node.left, context), evaluate(node.right, context)];
      if (isUnknown(left)) return left;
      return isUnknown(right) ? right : left !== right;
    }
    case "unknown":
      return unknown(node.reason, { late: false });
  }
}

/** What is not there has no members, and none of them. */
function nothing(path: string, { braced }: { readonly braced?: boolean }): Value {
  return braced !== true && /\.(count|length)$/i.test(path) ? 0 : null;
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
  for (const name of rest) value = value === undefined ? undefined : member(value, name);
  return value;
}

/** A property; every value has a `Count` and a `Length` in PowerShell, if only 1. */
function member(value: Value, name: string): Value | undefined {
  const own = isObject(value) ? property(value, name) : undefined;
  if (own !== undefined || isUnknown(value) || !/^(count|length)$/i.test(name)) return own;
  if (value === null) return 0;
  if (isList(value)) return value.length;
  const isLength = name.toLowerCase() === "length";
  if (typeof value === "string") return isLength ? value.length : 1;
  return isObject(value) && !isLength ? entries(value).length : 1;
}

function onKnown(value: Value, make: (value: Value) => Value): Value {
  return isUnknown(value) ? value : make(value);
}

/** Upstream's engine puts empty text where nothing gives `{{x}}`; beside `$null` it stays nothing. */
function emptied(node: Node, value: Value, other: Value): Value {
  return value === null && other !== null && node.is === "variable" && node.braced === true ? "" : value;
}

function casted(value: Value, to: LegacyType): Value {
  const cannot = unknown(`what \`${legacyText(value).slice(0, 40)}\` is as another type`, { late: false });
  switch (to) {
    case "text":
      return spelled(value);
    case "truth":
      // To PowerShell the text `false` is true, to upstream's templates it is false.
      return typeof value === "string" && value !== "" && !legacyTruth(value) ? cannot : legacyTruth(value);
    case "number":
    case "integer": {
      const made = value === "" ? 0 : numberOf(value);
      return Number.isNaN(made) || (to === "integer" && !Number.isInteger(made)) ? cannot : made;
    }
  }
}
