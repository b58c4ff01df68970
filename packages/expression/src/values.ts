/**
 * Values of the expression language: JSON, plus ordered maps (what `fromJSON` gives: plain objects would reorder
 * integer-like keys) and unknowns. Objects are read through this file only, because names ignore case.
 */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | { readonly [key: string]: Value }
  | Unknown;

const mark: unique symbol = Symbol("unknown");

/**
 * A value nobody can tell. `late`: it will be known when the run has come that far (`steps.x.outputs.y`); otherwise it
 * depends on something that is never evaluated here (`Test-Path …`). Unknowns spread through every operator, except
 * where the other operand already decides.
 */
export type Unknown = {
  readonly [mark]: true;
  readonly reason: string;
  readonly late: boolean;
};

/** Makes an unknown; `reason` is what a person reads: "`Test-Path …` looks at the machine". */
export function unknown(reason: string, options: { readonly late: boolean }): Unknown {
  return { [mark]: true, reason, late: options.late };
}

export function isUnknown(value: Value): value is Unknown {
  return typeof value === "object" && value !== null && mark in value;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** True for maps and plain objects, not for lists and unknowns. */
export function isObject(value: Value): value is ReadonlyMap<string, Value> | { readonly [key: string]: Value } {
  return typeof value === "object" && value !== null && !isList(value) && !isUnknown(value);
}

/** The entries of an object, in their order. */
export function entries(
  object: ReadonlyMap<string, Value> | { readonly [key: string]: Value },
): (readonly [string, Value])[] {
  return object instanceof Map ? [...object.entries()] : Object.entries(object as Record<string, Value>);
}

/** Looks `name` up ignoring case; an exact match wins. Missing is undefined. */
export function property(
  object: ReadonlyMap<string, Value> | { readonly [key: string]: Value },
  name: string,
): Value | undefined {
  if (object instanceof Map) {
    const exact = object.get(name) as Value | undefined;
    if (exact !== undefined) return exact;
  } else if (Object.hasOwn(object, name)) {
    return (object as Record<string, Value>)[name];
  }
  const wanted = name.toUpperCase();
  for (const [key, value] of entries(object)) if (key.toUpperCase() === wanted) return value;
  return undefined;
}

/** GitHub's truth: null, false, 0, NaN and the empty text are false. */
export function truthy(value: Value): boolean {
  return !(
    value === null ||
    value === false ||
    value === 0 ||
    value === "" ||
    (typeof value === "number" && Number.isNaN(value))
  );
}

/** GitHub's number of a value: null 0, booleans 0 and 1, text parsed, everything else NaN. */
export function toNumber(value: Value): number {
  if (value === null) return 0;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return value;
  return typeof value === "string" ? textToNumber(value) : Number.NaN;
}

function textToNumber(text: string): number {
  const trimmed = text.trim();
  if (trimmed === "") return 0;
  if (/^[+-]?Infinity$/.test(trimmed)) return trimmed.startsWith("-") ? -Infinity : Infinity;
  if (/^0x[0-9a-fA-F]+$/.test(trimmed)) return toInt32(Number.parseInt(trimmed.slice(2), 16));
  if (/^0o[0-7]+$/.test(trimmed)) return toInt32(Number.parseInt(trimmed.slice(2), 8));
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)) return Number.NaN;
  return Number(trimmed);
}

/** GitHub reads hexadecimal and octal numbers into 32 signed bits: 0xFFFFFFFF is -1; more bits are no number. */
function toInt32(number: number): number {
  return number > 0xffffffff ? Number.NaN : number | 0;
}

/** GitHub's text of a value: null is empty, numbers as .NET prints them with G15, `Array`, `Object`. */
export function toText(value: Value): string {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return value;
  return isList(value) ? "Array" : "Object";
}

/** A number with 15 significant digits, in .NET's notation: `1E+21`, `1E-05`, `0.1`. */
export function numberText(number: number): string {
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "Infinity" : "-Infinity";
  if (Number.isInteger(number) && Math.abs(number) < 1e15) return String(number + 0);
  const [mantissa = "", exponentText = "0"] = Math.abs(number).toExponential(14).split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  const exponent = Number(exponentText);
  return (number < 0 ? "-" : "") + layOut(digits, exponent);
}

function layOut(digits: string, exponent: number): string {
  if (exponent >= 15 || exponent < -5) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const sign = exponent < 0 ? "-" : "+";
    return `${digits[0]}${rest}E${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, "0");
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** Ordinal upper-casing, as GitHub compares: the dotless ı stays itself. */
export function fold(text: string): string {
  return text.includes("ı") ? text.replaceAll(/[^ı]+/g, (part) => part.toUpperCase()) : text.toUpperCase();
}

/** GitHub's `==`. Lists and objects are equal only to themselves. */
export function looseEquals(left: Value, right: Value): boolean {
  if (typeof left === "string" && typeof right === "string") return fold(left) === fold(right);
  if (left === null && right === null) return true;
  if (typeof left === "boolean" && typeof right === "boolean") return left === right;
  const compound = (value: Value): boolean => typeof value === "object" && value !== null;
  if (compound(left) && compound(right)) return left === right;
  return toNumber(left) === toNumber(right);
}

/** GitHub's order: text with text ignoring case, else by number; lists and objects have none (NaN). */
export function compare(left: Value, right: Value): number {
  if (typeof left === "string" && typeof right === "string") {
    const [a, b] = [fold(left), fold(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const [a, b] = [toNumber(left), toNumber(right)];
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : a - b === 0 || a === b ? 0 : a < b ? -1 : 1;
}

/** Plain JSON of a value: maps become objects. Unknowns have none: a caller has dealt with them before. */
export function toPlain(value: Value): JsonValue {
  if (isList(value)) return value.map(toPlain);
  if (isUnknown(value)) return null;
  if (isObject(value)) return Object.fromEntries(entries(value).map(([key, item]) => [key, toPlain(item)]));
  return value as JsonValue;
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
