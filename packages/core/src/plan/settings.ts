import { legacyTruth, type Value } from "@aither/expression";
import type { Json } from "@aither/protocol";

/** Seconds on paper, milliseconds in a plan; 0 and nothing mean no limit. */
export function seconds(value: Json | undefined): number | null {
  const number = numberOf(value);
  return number === null || number === 0 ? null : number * 1_000;
}

/** A whole number; null where there is none. */
export function count(value: Json | undefined): number | null {
  const number = numberOf(value);
  return number === null ? null : Math.floor(number);
}

/** A truth value, or a template's result by upstream's truth. */
export function flag(value: Json | undefined): boolean | null {
  return value === undefined || value === null ? null : legacyTruth(value as Value);
}

function numberOf(value: Json | undefined): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) && number >= 0 ? number : null;
}
