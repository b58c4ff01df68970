import { type Context, EvaluationError } from "./context.ts";
import { builtIns } from "./functions.ts";
import { evaluateLegacy } from "./legacy-evaluate.ts";
import { legacyTruth } from "./legacy-values.ts";
import { statusFunctions } from "./parse.ts";
import type { CompareOperator, Node } from "./tree.ts";
import {
  compare,
  entries,
  isList,
  isObject,
  isUnknown,
  looseEquals,
  property,
  toNumber,
  toText,
  truthy,
  unknown,
  type Value,
} from "./values.ts";

/** The value of a tree; may be unknown. Throws an EvaluationError. */
export function evaluateNode(node: Node, context: Context): Value {
  const value = step(node, context);
  return isFiltered(value) ? value.items : value;
}

/** What `x.*` gives: a later index applies to each element. It exists inside one chain of indexes only. */
type Filtered = { readonly filtered: true; readonly items: readonly Value[] };

function isFiltered(value: Value | Filtered): value is Filtered {
  return typeof value === "object" && value !== null && "filtered" in value && "items" in value;
}

function step(node: Node, context: Context): Value | Filtered {
  switch (node.is) {
    case "literal":
      return node.value;
    case "not": {
      const value = evaluateNode(node.of, context);
      return isUnknown(value) ? value : !truthy(value);
    }
    case "compare":
      return comparison(node.operator, evaluateNode(node.left, context), evaluateNode(node.right, context));
    case "logical":
      return logical(node.operator, node.of, (of) => evaluateNode(of, context));
    case "context":
      return property(context.names, node.name) ?? null;
    case "index":
      return index(step(node.of, context), evaluateNode(node.index, context));
    case "star":
      return star(step(node.of, context));
    case "call":
      return call(node.name, node.of, context);
    case "truth": {
      const value = evaluateNode(node.of, context);
      return isUnknown(value) ? value : legacyTruth(value);
    }
    case "variable":
    case "environment":
    case "platform":
    case "join":
    case "list":
    case "legacy":
    case "spelled":
    case "cast":
    case "emptiness":
    case "xor":
    case "unknown":
      return evaluateLegacy(node, context, evaluateNode);
  }
}

function comparison(operator: CompareOperator, left: Value, right: Value): Value {
  if (isUnknown(left)) return left;
  if (isUnknown(right)) return right;
  switch (operator) {
    case "==":
      return looseEquals(left, right);
    case "!=":
      return !looseEquals(left, right);
    case "<":
      return compare(left, right) < 0;
    case "<=":
      // What has no order is still equal to itself.
      return looseEquals(left, right) || compare(left, right) < 0;
    case ">":
      return compare(left, right) > 0;
    case ">=":
      return looseEquals(left, right) || compare(left, right) > 0;
  }
}

/** Gives the operand that decides. An unknown operand does not matter when another one decides alone. */
function logical(operator: "&&" | "||", operands: readonly Node[], evaluate: (node: Node) => Value): Value {
  const decides = (value: Value): boolean => truthy(value) === (operator === "||");
  let open: Value | null = null;
  let last: Value = null;
  for (const operand of operands) {
    last = evaluate(operand);
    if (isUnknown(last)) open ??= last;
    else if (decides(last)) return last;
  }
  return open ?? last;
}

function index(of: Value | Filtered, at: Value): Value | Filtered {
  if (isUnknown(at)) return at;
  if (isFiltered(of)) {
    const items = of.items.map((item) => single(item, at)).filter((item) => item !== undefined);
    return { filtered: true, items };
  }
  return isUnknown(of) ? of : (single(of, at) ?? null);
}

/** One element or property; undefined when there is none. */
function single(of: Value, at: Value): Value | undefined {
  if (isList(of)) {
    const place = Math.floor(toNumber(at));
    return place >= 0 ? of[place] : undefined;
  }
  if (!isObject(of) || (typeof at === "object" && at !== null)) return undefined;
  return property(of, toText(at));
}

function star(of: Value | Filtered): Value | Filtered {
  if (isFiltered(of)) return { filtered: true, items: of.items.flatMap(children) };
  return isUnknown(of) ? of : { filtered: true, items: children(of) };
}

function children(of: Value): readonly Value[] {
  if (isList(of)) return of;
  return isObject(of) ? entries(of).map(([, item]) => item) : [];
}

function call(name: string, args: readonly Node[], context: Context): Value {
  const lower = name.toLowerCase();
  const lazy = args.map((arg) => () => evaluateNode(arg, context));
  const builtIn = Object.hasOwn(builtIns, lower) ? builtIns[lower] : undefined;
  if (builtIn) return builtIn(lazy);
  const own = context.functions;
  if (own && Object.hasOwn(own, lower)) return own[lower]!(lazy.map((arg) => arg()));
  if (statusFunctions.has(lower)) {
    return unknown(`\`${lower}()\` is known when the run has come that far`, { late: true });
  }
  throw new EvaluationError(`Unrecognized function: '${name}'`);
}
