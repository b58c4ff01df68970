import type { Json, PlaybookCriteria } from "@aither/protocol";
import { type Fields, isObject, textOf } from "../fields.ts";
import { notEnforced } from "./around.ts";
import { compact, placed } from "./common.ts";

/** `successCriteria`, ours and upstream's; what names numbers that no script tells is listed. */
export function readCriteria(...places: readonly Fields[]): PlaybookCriteria | undefined {
  const fields = places.map((place) => place.object("successCriteria")).find((found) => found !== undefined);
  if (!fields) return undefined;
  const critical = [
    ...(fields.texts("critical", "criticalScripts") ?? []),
    ...(fields.texts("criticalPhases", "criticalStages") ?? []),
  ];
  const phases = phasesOf(places.at(-1)!);
  const named = (names: string[] | undefined): string[] | undefined =>
    names?.flatMap((name) => phases.get(name.toLowerCase()) ?? [name]);
  const criteria = compact<PlaybookCriteria>({
    requireAllSuccess: fields.flag("requireAllSuccess", "requireAll"),
    minimumSuccessCount: numberIn(fields, "minimumSuccessCount", "minSuccessCount"),
    minimumSuccessPercent: percent(fields),
    critical: critical.length > 0 ? named(critical) : undefined,
    allowedFailures: named(fields.texts("allowedFailures")),
  });
  reportRest(fields, "a script tells by its exit code whether it is content; nothing here knows this number");
  return Object.keys(criteria).length === 0 ? undefined : placed(criteria, fields);
}

/** Upstream also speaks of the phases that entries of a sequence belong to. */
function phasesOf(fields: Fields): ReadonlyMap<string, string[]> {
  const phases = new Map<string, string[]>();
  const list = fields.has("sequence") ? fields.raw("sequence")?.value : undefined;
  for (const entry of Array.isArray(list) ? (list as Json[]) : []) {
    if (!isObject(entry)) continue;
    const get = (wanted: string): string | undefined =>
      textOf(Object.entries(entry).find(([key]) => key.toLowerCase() === wanted)?.[1] ?? null);
    const phase = get("phase")?.toLowerCase();
    const name = get("playbook") ?? get("script") ?? get("name");
    if (phase !== undefined && name !== undefined) phases.set(phase, [...(phases.get(phase) ?? []), name]);
  }
  return phases;
}

/** `minimumSuccessPercent: 80`, or upstream's `MinimumSuccessRate`: 0.8 and 80 say the same. */
function percent(fields: Fields): number | undefined {
  const [text = ""] = fields.textsIfAny("minimumSuccessRate") ?? [];
  const written = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text)?.[1];
  const rate = written === undefined ? numberIn(fields, "minimumSuccessRate") : Number(written);
  const value =
    numberIn(fields, "minimumSuccessPercent", "minimumSuccessPercentage") ??
    (rate !== undefined && rate <= 1 ? rate * 100 : rate);
  if (value === undefined || value <= 100) return value;
  fields.gathering.findings.push({
    severity: "error",
    code: "wrong-value",
    message: `more than all cannot succeed: ${value} %`,
    fix: "write at most 100",
    path: fields.path,
  });
  return undefined;
}

function numberIn(fields: Fields, ...names: string[]): number | undefined {
  const value = fields.countOrTemplate(...names);
  if (typeof value !== "string") return value;
  notEnforced(fields, [...fields.path, names[0]!], "it must be a number, not a template");
  return undefined;
}

/** Lists what is left, without keeping it: the model holds what was understood. */
export function reportRest(fields: Fields, reason: string): void {
  for (const key of Object.keys(fields.rest())) notEnforced(fields, [...fields.path, key], reason);
}
