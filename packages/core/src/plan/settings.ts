import { legacyTruth, secondsOfText, type Value } from "@aither/expression";
import type { Backoff, Json, PlaybookBackoff, PlaybookStep, ScriptPlan } from "@aither/protocol";

/** Seconds on paper, milliseconds in a plan; 0 and nothing mean no limit. */
export function seconds(value: Json | undefined): number | null {
  const number = typeof value === "string" ? (secondsOfText(value) ?? null) : numberOf(value);
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

const times = new Set(["timeout", "noOutputTimeout"]);
const counts = new Set(["retries", "maxParallel", "maxConcurrency"]);
const flags = new Set(["continueOnError", "failFast", "parallel"]);

/**
 * What a template gave for a setting, if it can be none: a limit that is no number would be no limit at all, and what only
 * the run tells comes too late. null when there is nothing wrong with it.
 */
export function oddSetting(key: string, value: Json | undefined): string | null {
  if (typeof value !== "string" || value.trim() === "" || !(times.has(key) || counts.has(key) || flags.has(key))) {
    return null;
  }
  if (value.includes("${{")) return `\`${key}\` must be known before the start, and \`${value}\` is not`;
  const isOdd =
    (times.has(key) && seconds(value) === null && numberOf(value) !== 0) ||
    (counts.has(key) && numberOf(value) === null);
  const wanted = times.has(key) ? "seconds or a time such as 5m" : "a number";
  return isOdd ? `\`${key}\` must be ${wanted}, not \`${value}\`` : null;
}

/** A terminal of the usual size where none is given. */
export function terminalOf(read: PlaybookStep["pty"]): Pick<ScriptPlan, "pty"> {
  if (read === undefined || read === false) return {};
  const { columns = 80, rows = 24 } = read === true ? {} : read;
  return { pty: { columns, rows } };
}

/** The reader of the playbook has made bytes of sizes, and refused what is none. */
export function limitOf(read: PlaybookStep["logLimit"]): Pick<ScriptPlan, "logLimit"> {
  if (read === "none") return { logLimit: null };
  if (typeof read !== "object") return {};
  return { logLimit: { head: Number(read.head), tail: Number(read.tail) } };
}

export function backoffOf(backoff: PlaybookBackoff | undefined): Backoff {
  return {
    initialMs: (backoff?.initial ?? 1) * 1_000,
    factor: backoff?.factor ?? 2,
    maxMs: (backoff?.max ?? 60) * 1_000,
  };
}
