import { hasTemplate } from "@aither/expression";
import type { Json } from "@aither/protocol";
import { type Gathering, type Path, pathText } from "./finding.ts";

type JsonObject = { readonly [key: string]: Json };

/**
 * Reads an object's keys ignoring case. Each reader takes the first of its names that is there, checks the type (a
 * wrong one becomes a finding at its place) and remembers that the key was read; `rest` gives what nobody read.
 */
export interface Fields {
  readonly path: Path;
  readonly gathering: Gathering;
  has(...names: string[]): boolean;
  /** The value as it is, with its path. */
  raw(...names: string[]): { readonly value: Json; readonly path: Path } | undefined;
  /** Text; numbers and booleans count as their text. */
  text(...names: string[]): string | undefined;
  /** One of a few words. */
  oneOf<T extends string>(words: readonly T[], ...names: string[]): T | undefined;
  flag(...names: string[]): boolean | undefined;
  flagOrTemplate(...names: string[]): boolean | string | undefined;
  /** A number of at least 0, its text, or a template. */
  countOrTemplate(...names: string[]): number | string | undefined;
  /** Seconds: a number, `30s`, `5 minutes`, `1h`, or a template. */
  secondsOrTemplate(...names: string[]): number | string | undefined;
  texts(...names: string[]): string[] | undefined;
  /** As `texts`, but a value of another shape is left for `rest` instead of being an error. */
  textsIfAny(...names: string[]): string[] | undefined;
  object(...names: string[]): Fields | undefined;
  /** A map of JSON values, by their keys as written. */
  record(...names: string[]): Record<string, Json> | undefined;
  /** Environment: a map of texts. */
  environment(...names: string[]): Record<string, string> | undefined;
  /** The items of a list of objects; other items become findings. */
  objects(...names: string[]): Fields[] | undefined;
  /** Marks keys as read that mean nothing to us on purpose (comments, editor hints). */
  ignore(...names: string[]): void;
  /** What was not read, by key as written. */
  rest(): Record<string, Json>;
  entries(): { readonly key: string; readonly value: Json; readonly path: Path }[];
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function fieldsOf(object: JsonObject, path: Path, gathering: Gathering): Fields {
  const keys = new Map(Object.keys(object).map((key) => [key.toLowerCase(), key] as const));
  const read = new Set<string>();
  gathering.looked.push({ path, keys: Object.keys(object), read });

  const raw: Fields["raw"] = (...names) => {
    for (const name of names) {
      const key = keys.get(name.toLowerCase());
      if (key === undefined) continue;
      read.add(key);
      const value = object[key];
      if (value === undefined || value === null) continue;
      return { value, path: [...path, key] };
    }
    return undefined;
  };
  const wrong = (at: Path, wanted: string, value: Json): undefined => reportWrong(gathering, at, wanted, value);
  /** Reads, converts, and says what was wanted when the conversion gives undefined. */
  const typed =
    <T>(wanted: string, convert: (value: Json, at: Path) => T | undefined) =>
    (...names: string[]): T | undefined => {
      const found = raw(...names);
      if (!found) return undefined;
      const value = convert(found.value, found.path);
      return value === undefined ? wrong(found.path, wanted, found.value) : value;
    };
  const object_ = typed("a map", (value, at) => (isObject(value) ? fieldsOf(value, at, gathering) : undefined));

  return {
    path,
    gathering,
    raw,
    has: (...names) => names.some((name) => keys.has(name.toLowerCase())),
    text: typed("text", textOf),
    oneOf: (words, ...names) => {
      const found = raw(...names);
      const word = found && words.find((one) => one === found.value);
      if (found && word === undefined) wrongWord(gathering, found.path, words, found.value);
      return word;
    },
    flag: typed("true or false", flagOf),
    flagOrTemplate: typed("true, false or a template", (value) => flagOf(value) ?? template(value)),
    countOrTemplate: typed("a number of at least 0", (value) => countOf(value) ?? template(value)),
    secondsOrTemplate: typed("a number of seconds", (value) => countOf(value) ?? durationOf(value) ?? template(value)),
    texts: typed("a list of texts", listOfTexts),
    textsIfAny: (...names) => {
      const key = names.map((name) => keys.get(name.toLowerCase())).find((found) => found !== undefined);
      const list = listOfTexts((key === undefined ? undefined : object[key]) ?? []);
      if (key === undefined || !list) return undefined;
      raw(key);
      return list;
    },
    object: object_,
    record: typed("a map", (value) => (isObject(value) ? { ...value } : isEmptyList(value) ? {} : undefined)),
    environment: typed("a map of texts", environmentOf),
    objects: (...names) => {
      const found = raw(...names);
      if (!found) return undefined;
      const items = Array.isArray(found.value) ? (found.value as Json[]) : [found.value];
      return items.flatMap((item, index) => {
        const at = Array.isArray(found.value) ? [...found.path, index] : found.path;
        if (isObject(item)) return [fieldsOf(item, at, gathering)];
        wrong(at, "a map", item);
        return [];
      });
    },
    ignore: (...names) => void raw(...names),
    rest: () => Object.fromEntries(Object.entries(object).filter(([key]) => !read.has(key))),
    entries: () => {
      for (const key of Object.keys(object)) read.add(key);
      return Object.entries(object).map(([key, value]) => ({ key, value, path: [...path, key] }));
    },
  };
}

function reportWrong({ findings }: Gathering, path: Path, wanted: string, value: Json): undefined {
  findings.push({
    severity: "error",
    code: "wrong-type",
    message: `\`${pathText(path)}\` must be ${wanted}, not ${describe(value)}`,
    fix: `write ${wanted}`,
    path,
  });
  return undefined;
}

function wrongWord({ findings }: Gathering, path: Path, words: readonly string[], value: Json): void {
  const wanted = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  findings.push({
    severity: "error",
    code: "wrong-value",
    message: `\`${pathText(path)}\` must be ${wanted}, not ${describe(value)}`,
    fix: `write ${wanted}`,
    path,
  });
}

export function textOf(value: Json): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

function flagOf(value: Json): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  const lower = value.trim().toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

function countOf(value: Json): number | undefined {
  const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  return typeof number === "number" && number >= 0 && Number.isFinite(number) ? number : undefined;
}

/** Upstream also writes variables as `$(Name)`. */
function template(value: Json): string | undefined {
  return typeof value === "string" && (hasTemplate(value) || /\$\(|^\$\w/.test(value)) ? value : undefined;
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function durationOf(value: Json): number | undefined {
  const found =
    typeof value === "string"
      ? /^(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|d|days?)$/i.exec(value.trim())
      : null;
  return found ? Number(found[1]) * (unitSeconds[found[2]![0]!.toLowerCase()] ?? 1) : undefined;
}

/** PowerShell writes an empty map as an empty list now and then. */
function isEmptyList(value: Json): boolean {
  return Array.isArray(value) && value.length === 0;
}

function listOfTexts(value: Json): string[] | undefined {
  const items = (Array.isArray(value) ? (value as Json[]) : [value]).map(textOf);
  return items.every((item) => item !== undefined) ? items : undefined;
}

function environmentOf(value: Json): Record<string, string> | undefined {
  if (!isObject(value)) return undefined;
  const pairs = Object.entries(value).map(([key, item]) => [key, item === null ? "" : textOf(item)] as const);
  return pairs.every((pair): pair is [string, string] => pair[1] !== undefined) ? Object.fromEntries(pairs) : undefined;
}

export function describe(value: Json): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return typeof value === "string" ? `the text "${value.slice(0, 40)}"` : String(value);
}
