import { like, matches } from "./legacy-patterns.ts";
import { legacyTruth, spelled } from "./legacy-values.ts";
import type { LegacyOperator } from "./tree.ts";
import { fold, isList, isUnknown, unknown, type Value } from "./values.ts";

/** `exact`: case counts (`-ceq`). */
export type Comparing = { readonly operator: LegacyOperator; readonly exact: boolean };

/** PowerShell's comparison of two values. A list on the left gives those of its elements for which it holds. */
export function comparison(how: Comparing, left: Value, right: Value): Value {
  if (isUnknown(left)) return left;
  if (isUnknown(right)) return right;
  switch (how.operator) {
    case "in":
      return among(how, right, left);
    case "notin":
      return not(among(how, right, left));
    case "contains":
      return among(how, left, right);
    case "notcontains":
      return not(among(how, left, right));
    default:
      return isList(left) ? filtered(how, left, right) : ofTwo(how, left, right);
  }
}

function filtered(how: Comparing, list: readonly Value[], right: Value): Value {
  const kept: Value[] = [];
  for (const item of list) {
    const holds = ofTwo(how, item, right);
    if (isUnknown(holds)) return holds;
    if (holds === true) kept.push(item);
  }
  return kept;
}

type One = Exclude<LegacyOperator, "in" | "notin" | "contains" | "notcontains">;

function ofTwo(how: Comparing, left: Value, right: Value): Value {
  const { exact } = how;
  const ordered = (holds: (order: number) => boolean): Value => {
    const made = order(left, right, how);
    return typeof made === "number" ? holds(made) : made;
  };
  switch (how.operator as One) {
    case "eq":
      return equals(left, right, how);
    case "ne":
      return !equals(left, right, how);
    case "lt":
      return ordered((made) => made < 0);
    case "le":
      return ordered((made) => made <= 0);
    case "gt":
      return ordered((made) => made > 0);
    case "ge":
      return ordered((made) => made >= 0);
    case "like":
      return like(spelled(left), spelled(right), { exact });
    case "notlike":
      return not(like(spelled(left), spelled(right), { exact }));
    case "match":
      return matches(spelled(left), spelled(right), { exact });
    case "notmatch":
      return not(matches(spelled(left), spelled(right), { exact }));
  }
}

/** Where one side is a truth value, truth decides; then nothing equals nothing alone; then numbers, then text. */
function equals(left: Value, right: Value, { exact }: Comparing): boolean {
  if (typeof left === "boolean" || typeof right === "boolean") {
    return legacyTruth(left) === legacyTruth(right);
  }
  if (left === null || right === null) return left === right;
  if (typeof left === "number" || typeof right === "number") {
    const [a, b] = [numberOf(left), numberOf(right)];
    if (!Number.isNaN(a) && !Number.isNaN(b)) return a === b;
  }
  const [x, y] = [spelled(left), spelled(right)];
  return exact ? x === y : fold(x) === fold(y);
}

/** Negative, 0 or positive; unknown where PowerShell has an order that depends on the machine's language, or none. */
function order(left: Value, right: Value, { exact }: Comparing): Value {
  if (left === null || right === null) return orderOfNothing(left, right);
  const [a, b] = [numberOf(left), numberOf(right)];
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  if (typeof left === "number") return unknown(`\`${spelled(right).slice(0, 40)}\` is no number`, { late: false });
  const [x, y] = [spelled(left), spelled(right)];
  const [foldedX, foldedY] = [fold(x), fold(y)];
  if (exact && foldedX === foldedY && x !== y) {
    return unknown("which case comes first depends on the machine", { late: false });
  }
  return foldedX < foldedY ? -1 : foldedX > foldedY ? 1 : 0;
}

/** Nothing is less than all but negative numbers. */
function orderOfNothing(left: Value, right: Value): number {
  if (left === right) return 0;
  const other = left === null ? right : left;
  const isNegative = typeof other === "number" && other < 0;
  return (left === null) === isNegative ? 1 : -1;
}

/** NaN for what is none. */
export function numberOf(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null) return 0;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

function among(how: Comparing, list: Value, item: Value): Value {
  if (isList(item)) return unknown("whether a list is in a list is not evaluated here", { late: false });
  return (isList(list) ? list : [list]).some((element) => equals(element, item, how));
}

function not(value: Value): Value {
  return isUnknown(value) ? value : !value;
}
