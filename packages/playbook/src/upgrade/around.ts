import type { Json, PlaybookAction, PlaybookArtifacts, PlaybookUndo } from "@aither/protocol";
import { type Fields, fieldsOf, isObject, textOf } from "../fields.ts";
import { type Path, pathText } from "../finding.ts";
import { compact, keepRest, notAMap, placed } from "./common.ts";

/** Says that something declared does nothing, and why. */
export function notEnforced(fields: Fields, path: Path, reason: string): void {
  // An item of a list goes by the list's name.
  const what = path.findLast((key) => typeof key === "string") ?? "";
  fields.gathering.notEnforced.push({ what: String(what), where: pathText(path), reason });
}

/** `artifacts`: a path, a list of paths, a map, a list of maps; also upstream's `Required` and `Optional` lists. */
export function readArtifacts(fields: Fields): PlaybookArtifacts[] | undefined {
  const found = fields.raw("artifacts");
  if (!found) return undefined;
  const items = Array.isArray(found.value) ? (found.value as Json[]) : [found.value];
  const at = (index: number): Path => (Array.isArray(found.value) ? [...found.path, index] : found.path);
  const paths = items.flatMap((item) => textOf(item) ?? []);
  const sets = items.flatMap((item, index): PlaybookArtifacts[] => {
    if (isObject(item)) return readSets(fieldsOf(item, at(index), fields.gathering));
    if (textOf(item) !== undefined) return [];
    const message = "artifacts are paths, or maps of `paths`";
    fields.gathering.findings.push({ severity: "error", code: "wrong-type", message, fix: null, path: at(index) });
    return [];
  });
  return [...(paths.length > 0 ? [placed({ paths }, fields, found.path)] : []), ...sets];
}

function readSets(fields: Fields): PlaybookArtifacts[] {
  if (fields.flag("enabled") === false) {
    fields.ignore("comment", "paths");
    return [];
  }
  const name = fields.text("name");
  const when = fields.oneOf(["always", "success", "failure", "cancelled"], "when");
  const required = requiredFlag(fields);
  const set = (paths: string[] | undefined, must: boolean | undefined): PlaybookArtifacts[] =>
    paths === undefined || paths.length === 0
      ? []
      : [placed(compact<PlaybookArtifacts>({ name, paths, when, required: must }), fields)];
  const sets = [
    ...set(fields.texts("paths", "path"), required),
    ...set(required === undefined ? fields.textsIfAny("required") : undefined, true),
    ...set(fields.textsIfAny("optional"), undefined),
  ];
  fields.ignore("comment", "description");
  const reasons: Readonly<Record<string, string>> = {
    retentiondays: "artifacts stay as long as their job does",
    compress: "artifacts are kept as they are",
    container: "no container is built",
  };
  for (const key of Object.keys(fields.rest())) {
    notEnforced(fields, [...fields.path, key], reasons[key.toLowerCase()] ?? "this key has no meaning here");
  }
  return sets;
}

/** `required` is a truth value of ours, and a list of upstream's. */
function requiredFlag(fields: Fields): boolean | undefined {
  const value = fields.has("required") ? fields.raw("required")?.value : undefined;
  return typeof value === "boolean" ? value : undefined;
}

/** `undo: text`, or a map as a step has. */
export function readUndo(fields: Fields): PlaybookUndo | undefined {
  const found = fields.raw("undo");
  if (!found) return undefined;
  const text = textOf(found.value);
  if (text !== undefined) return placed({ script: text }, fields, found.path);
  if (!isObject(found.value)) {
    fields.gathering.findings.push(notAMap(found.path));
    return undefined;
  }
  const inner = fieldsOf(found.value, found.path, fields.gathering);
  const timeout = inner.secondsOrTemplate("timeout");
  const undo = compact<PlaybookUndo>({
    name: inner.text("name"),
    script: inner.text("script"),
    run: inner.text("run"),
    file: inner.text("file"),
    shell: inner.text("shell"),
    with: inner.record("with", "variables"),
    timeout: typeof timeout === "number" ? timeout : undefined,
  });
  if (undo.script === undefined && undo.run === undefined && undo.file === undefined) {
    const message = "`undo` runs nothing";
    const fix = "give it `script` (text), `run` (a script's number) or `file`";
    fields.gathering.findings.push({ severity: "error", code: "empty-step", message, fix, path: found.path });
  }
  return keepRest(undo, inner);
}

const whens = ["always", "success", "failure", "cancelled"] as const;
type When = NonNullable<PlaybookAction["when"]>;

/** `success`, `always()`: upstream writes when an action runs into its condition. */
export function whenOf(text: string | undefined): When | undefined {
  const word = text?.trim().replace(/\(\)$/, "").toLowerCase();
  const same: Readonly<Record<string, When>> = { failed: "failure", error: "failure", succeeded: "success" };
  return whens.find((one) => one === word) ?? (word === undefined ? undefined : same[word]);
}
