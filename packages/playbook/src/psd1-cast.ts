import { hasTemplate } from "@aither/expression";
import type { Json } from "@aither/protocol";

/** A value as a type of PowerShell's has it, or what is wrong with it. */
export type Cast = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };

const whole = /^(u?int(16|32|64)?|u?long|u?short|s?byte|bigint)$/;
const broken = /^(double|single|float|decimal)$/;

/**
 * `[int]'5'` is 5, `[string]5` is "5", `[string[]]'x'` a list of one. A text with a template in it stays what it is: its
 * value comes later. Types that JSON has no word for (`[version]`, `[datetime]`, `[ordered]`) change nothing.
 */
export function cast(type: string, value: Json): Cast {
  const name = type.toLowerCase().replaceAll("system.", "");
  const items = /^(.+)\[\]$/.exec(name)?.[1] ?? /(?:^|\.)list\[(.+)\]$/.exec(name)?.[1];
  if (items !== undefined || name === "array") return list(items ?? "object", value);
  if (typeof value === "string" && hasTemplate(value)) return { ok: true, value };
  if (name === "string") return asText(value);
  if (name === "bool" || name === "boolean" || name === "switch") return { ok: true, value: isTrue(value) };
  if (whole.test(name)) return asNumber(value, evenRound);
  return broken.test(name) ? asNumber(value, (number) => number) : { ok: true, value };
}

function list(type: string, value: Json): Cast {
  const made: Json[] = [];
  for (const item of Array.isArray(value) ? (value as Json[]) : value === null ? [] : [value]) {
    const one = cast(type, item);
    if (!one.ok) return one;
    made.push(one.value);
  }
  return { ok: true, value: made };
}

function asText(value: Json): Cast {
  const texts = (Array.isArray(value) ? (value as Json[]) : [value]).map(textOf);
  return texts.every((text) => text !== null)
    ? { ok: true, value: texts.join(" ") }
    : { ok: false, message: "a map is no text" };
}

function textOf(value: Json): string | null {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" ? null : String(value);
}

function isTrue(value: Json): boolean {
  if (!Array.isArray(value)) return Boolean(value);
  const items = value as Json[];
  return items.length === 1 ? isTrue(items[0]!) : items.length > 0;
}

function asNumber(value: Json, round: (number: number) => number): Cast {
  const number =
    typeof value === "string"
      ? value.trim() === ""
        ? 0
        : Number(value)
      : typeof value === "object" && value
        ? Number.NaN
        : Number(value);
  return Number.isFinite(number)
    ? { ok: true, value: round(number) }
    : { ok: false, message: `${typeof value === "string" ? `\`${value.slice(0, 40)}\`` : "this"} is no number` };
}

/** PowerShell rounds halves to the even neighbour. */
function evenRound(number: number): number {
  const rounded = Math.round(number);
  return Math.abs(number % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
