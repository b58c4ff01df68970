import { CORE_SCHEMA, load, mergeTag, YAMLException } from "js-yaml";
import type { Json, NotEnforced, Playbook, PlaybookFormat } from "@aither/protocol";
import { detect } from "./detect.ts";
import { describe, fieldsOf, isObject, type JsonObject } from "./fields.ts";
import { type Finding, type Gathering, type Path, pathText } from "./finding.ts";
import { type Fitness, fitnessOf } from "./fitness.ts";
import { duplicateKeys, walkJson } from "./json-places.ts";
import { type Placed, placesOf } from "./places.ts";
import type { Psd1Places } from "./psd1.ts";
import { parsePsd1 } from "./psd1.ts";
import { noStages } from "./no-stages.ts";
import { plainJson } from "./plain-json.ts";
import { commentEnd } from "./psd1-text.ts";
import { explained, lostNegations } from "./yaml-mistakes.ts";

/** A file's text and how it was written. */
export type Source = {
  readonly file: string | null;
  readonly text: string;
  readonly syntax: "json" | "yaml" | "psd1";
  /** psd1 only: where each value stands. */
  readonly places?: () => Psd1Places;
};

export type ReadPlaybook =
  | {
      readonly ok: true;
      readonly playbook: Playbook;
      readonly format: PlaybookFormat;
      readonly source: Source;
      /** Warnings. */
      readonly findings: readonly Finding[];
      readonly notEnforced: readonly NotEnforced[];
      /** Where a part of the model (a stage, a step, a profile …) was written; of a list of selectors, where `item` was. */
      readonly pathOf: (part: object, item?: string) => Path;
    }
  | { readonly ok: false; readonly source: Source; readonly findings: readonly Finding[] };

/** Files beyond this are refused unread: no playbook is that long, and parsing would block everyone else. */
export const PLAYBOOK_BYTES_MAX = 4 * 1024 * 1024;

/** Reads a playbook of any format and syntax into the one v3 model. `file` decides the syntax by its ending. */
export function readPlaybook(text: string, file: string | null): ReadPlaybook {
  const plain = text.codePointAt(0) === 0xfeff ? text.slice(1) : text;
  const parsed = parse(plain, file);
  if (!parsed.ok) return parsed;
  const { value, source } = parsed;
  const fitness: Fitness = value === undefined ? { fits: true, keys: 0 } : fitnessOf(value);
  if (!fitness.fits) return failed(source, fitness.code, fitness.message, fitness.fix);
  if (!isObject(value)) {
    const message = `a playbook is a map, not ${value === undefined ? "an empty file" : describe(value)}`;
    return failed(source, "not-a-playbook", message, "see docs/playbooks.md for what a playbook looks like");
  }
  const early = [
    ...(parsed.json === undefined ? [] : repeatedKeys(parsed.json, fitness.keys)),
    ...(source.syntax === "yaml" ? lostNegations(source.text) : []),
  ];
  const read = readValue(value, source, null);
  if (!read) {
    return { ok: false, source, findings: [noStages(value)] };
  }
  const { playbook, format, notEnforced } = read;
  const findings = [...early, ...read.findings];
  if (findings.some(({ severity }) => severity === "error")) return { ok: false, source, findings };
  const pathOf = placesOf(playbook, () => readAgain(plain, file));
  return { ok: true, playbook, format, source, findings, notEnforced, pathOf };
}

type ReadValue = Pick<Extract<ReadPlaybook, { ok: true }>, "playbook" | "format" | "findings" | "notEnforced">;

/** Null: there is nothing in it that could run. Where parts were written is noted in `paths`, if somebody wants to know. */
function readValue(value: JsonObject, source: Source, paths: Map<object, Path> | null): ReadValue | null {
  const gathering: Gathering = { findings: [], notEnforced: [], looked: [], paths };
  const read = detect(fieldsOf(value, [], gathering), source.syntax);
  if (!read) return null;
  const playbook = read.upgrade(nameOf(source.file));
  reportUnread(gathering);
  return { playbook, format: read.format, findings: gathering.findings, notEnforced: gathering.notEnforced };
}

/** The same once more, with its places. */
function readAgain(text: string, file: string | null): Placed | null {
  const parsed = parse(text, file);
  const paths = new Map<object, Path>();
  const read = parsed.ok && isObject(parsed.value) ? readValue(parsed.value, parsed.source, paths) : null;
  return read && { playbook: read.playbook, paths };
}

/**
 * Silence about a declared key is a defect: whatever is in an object that was looked into, and that nobody read or
 * spoke of, is listed. Several readers may have looked into one object.
 */
function reportUnread({ looked, notEnforced }: Gathering): void {
  // In most files there is none, so places are made into text for those few only.
  const unread = looked.filter(({ written, read }) => read.size < Object.keys(written).length);
  if (unread.length === 0) return;
  const spoken = new Set(notEnforced.map(({ where }) => where));
  const objects = new Set(unread.map(({ written }) => written));
  const read = new Map<string, Set<string>>();
  for (const one of looked) {
    if (!objects.has(one.written)) continue;
    const place = pathText(one.path);
    const known = read.get(place) ?? new Set();
    for (const key of one.read) known.add(key);
    read.set(place, known);
  }
  for (const { path, written } of unread) {
    const known = read.get(pathText(path));
    for (const key of Object.keys(written)) {
      const where = pathText([...path, key]);
      if (known?.has(key) === true || spoken.has(where)) continue;
      spoken.add(where);
      notEnforced.push({ what: key, where, reason: "this key has no meaning here" });
    }
  }
}

function repeatedKeys(text: string, keys: number): Finding[] {
  return duplicateKeys(text, keys).map(({ key, place }) => ({
    severity: "warning",
    code: "duplicate-key",
    message: `\`${key}\` is there twice; the last one counts`,
    fix: "remove one of them",
    path: [],
    at: place,
  }));
}

type Parsed =
  /** `json` is the text without what is no JSON. */
  | { readonly ok: true; readonly value: Json | undefined; readonly source: Source; readonly json?: string }
  | Extract<ReadPlaybook, { ok: false }>;

function parse(text: string, file: string | null): Parsed {
  if (/\.psd1$/i.test(file ?? "") || (file === null && beginsAsPsd1(text))) {
    return parsePowerShell(text, file);
  }
  const isJson = /\.json$/i.test(file ?? "") || (!/\.ya?ml$/i.test(file ?? "") && /^\s*\{/.test(text));
  return isJson ? parseJson(text, file) : parseYaml(text, file);
}

/** Blanks and comments, then `@{`. */
function beginsAsPsd1(text: string): boolean {
  let at = 0;
  for (;;) {
    while (at < text.length && text[at]!.trim() === "") at += 1;
    const end = commentEnd(text, at);
    if (end === null) return text.startsWith("@{", at);
    at = end;
  }
}

function parseJson(text: string, file: string | null): Parsed {
  const source: Source = { file, text, syntax: "json" };
  try {
    return { ok: true, value: JSON.parse(text) as Json, source, json: text };
  } catch {
    const plain = plainJson(text);
    const value = plain.first === null ? undefined : parsedJson(plain.text);
    if (value !== undefined) return { ok: true, value, source, json: plain.text };
    const walk = walkJson(plain.text, null);
    const at = walk.is === "wrong" ? walk.place : { line: 1, col: 1, endLine: 1, endCol: 2 };
    const message = `this is no JSON: ${walk.is === "wrong" ? walk.message : "it cannot be parsed"}`;
    return syntaxError(source, "json-syntax", message, at);
  }
}

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** With merge keys (`<<: *base`), as people know them from other tools. */
const yamlSchema = CORE_SCHEMA.withTags(mergeTag);

function parseYaml(text: string, file: string | null): Parsed {
  const source: Source = { file, text, syntax: "yaml" };
  if (!/[^\s#]/.test(text.replaceAll(/#.*/g, ""))) return { ok: true, value: undefined, source };
  try {
    return { ok: true, value: (load(text, { schema: yamlSchema }) ?? undefined) as Json | undefined, source };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    // What ends too early is missed behind the last line.
    const lines = text.split(/\r\n?|\n/);
    const line = Math.min((error.mark?.line ?? 0) + 1, lines.length);
    const col = Math.min((error.mark?.column ?? 0) + 1, (lines[line - 1]?.length ?? 0) + 1);
    const { at, fix } = explained(text, error.reason, { line, col, endLine: line, endCol: col + 1 });
    return syntaxError(source, "yaml-syntax", `this is no YAML: ${error.reason}`, at, fix);
  }
}

function parsePowerShell(text: string, file: string | null): Parsed {
  const result = parsePsd1(text, folderOf(file));
  const source: Source = { file, text, syntax: "psd1" };
  if (!result.ok) return syntaxError(source, "psd1-syntax", result.message, result.place);
  return { ok: true, value: result.value, source: { file, text, syntax: "psd1", places: result.places } };
}

function folderOf(file: string | null): string | null {
  return file === null ? null : (/^(.*)[\\/]/s.exec(file)?.[1] ?? ".");
}

function syntaxError(
  source: Source,
  code: string,
  message: string,
  at: NonNullable<Finding["at"]>,
  fix: string | null = null,
): Parsed {
  return {
    ok: false,
    source,
    findings: [{ severity: "error", code, message, fix, path: [], at }],
  };
}

function failed(source: Source, code: string, message: string, fix: string): Extract<ReadPlaybook, { ok: false }> {
  return { ok: false, source, findings: [{ severity: "error", code, message, fix, path: [] }] };
}

/** The name of a playbook that does not say it: its file's, without folder and ending. */
function nameOf(file: string | null): string {
  if (file === null) return "unsaved";
  const base = file.split(/[\\/]/).at(-1) ?? file;
  return base.replace(/\.(json|ya?ml|psd1)$/i, "") || base;
}
