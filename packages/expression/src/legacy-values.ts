import { isList, numberText, toPlain, type Value } from "./values.ts";

/** Upstream's truth: also the texts `false`, `$false` and `0` are false. */
export function legacyTruth(value: Value): boolean {
  if (value === null || value === false || value === 0) return false;
  if (typeof value === "string") return !["", "false", "$false", "0"].includes(value.trim().toLowerCase());
  if (isList(value)) return value.length === 1 ? legacyTruth(value[0]!) : value.length > 0;
  return true;
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

/** As PowerShell puts a value into a text: a list with blanks. */
export function spelled(value: Value): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return isList(value) ? value.map(spelled).join(" ") : legacyText(value);
}
