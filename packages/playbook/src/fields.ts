import { hasTemplate, secondsOfText } from "@aither/expression";
import type { Json } from "@aither/protocol";
import { type Gathering, type Looked, type Path, pathText } from "./finding.ts";

export type JsonObject = { readonly [key: string]: Json };

/** A value as it is, and where it stands. */
export type Found = { readonly value: Json; readonly path: Path };

/**
 * Reads an object's keys ignoring case. Each reader takes the first of its names that is there, checks the type (a
 * wrong one becomes a finding at its place) and remembers that the key was read; `rest` gives what nobody read.
 */
export interface Fields {
  readonly path: Path;
  readonly gathering: Gathering;
  has(...names: string[]): boolean;
  /** The value as it is, with its path. */
  raw(...names: string[]): Found | undefined;
  /** Text; numbers and booleans count as their text. */
  text(...names: string[]): string | undefined;
  /** One of a few words. */
  oneOf<T extends string>(words: readonly T[], ...names: string[]): T | undefined;
  flag(...names: string[]): boolean | undefined;
  flagOrTemplate(...names: string[]): boolean | string | undefined;
  /** `parallel: 3` says how many. */
  flagOrCount(...names: string[]): boolean | number | string | undefined;
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
  return new FieldsOfMap(object, gathering, path);
}

/** What leads to a map within another one: a key, and its place in the list there. */
type Step = { readonly above: FieldsOfMap; readonly key: string; readonly index: number | null };

/** A class, for there is one for each map of each file, and most are asked for thirty names of which they have three. */
class FieldsOfMap implements Fields, Looked {
  readonly gathering: Gathering;
  readonly written: JsonObject;
  readonly read = new Set<string>();
  /** Put together when somebody asks: most of what is read is right. */
  #path: Path | Step;
  /** Keys as written, by lower case; made when the first name is looked up. */
  #keys: Map<string, string> | undefined;
  /** A bit for each length that a key has: it tells most names that are not there without looking them up. */
  #lengths = 0;

  constructor(object: JsonObject, gathering: Gathering, path: Path | Step) {
    this.written = object;
    this.gathering = gathering;
    this.#path = path;
    gathering.looked.push(this);
  }

  get path(): Path {
    if ("above" in this.#path) {
      const { above, key, index } = this.#path;
      this.#path = index === null ? [...above.path, key] : [...above.path, key, index];
    }
    return this.#path;
  }

  raw(...names: string[]): Found | undefined {
    const key = this.#take(names);
    return key === undefined ? undefined : new FoundValue(this.written[key]!, this, key);
  }

  has(...names: string[]): boolean {
    return names.some((name) => this.#keyOf(name) !== undefined);
  }

  text(...names: string[]): string | undefined {
    return this.#typed(names, "text", textOf);
  }

  oneOf<T extends string>(words: readonly T[], ...names: string[]): T | undefined {
    const found = this.raw(...names);
    const word = found && words.find((one) => one === found.value);
    if (found && word === undefined) wrongWord(this.gathering, found.path, words, found.value);
    return word;
  }

  flag(...names: string[]): boolean | undefined {
    return this.#typed(names, "true or false", flagOf);
  }

  flagOrTemplate(...names: string[]): boolean | string | undefined {
    return this.#typed(names, "true, false or a template", flagOrTemplateOf);
  }

  flagOrCount(...names: string[]): boolean | number | string | undefined {
    return this.#typed(
      names,
      "true, false, a number or a template",
      (value) => flagOf(value) ?? countOrTemplateOf(value),
    );
  }

  countOrTemplate(...names: string[]): number | string | undefined {
    return this.#typed(names, "a number of at least 0", countOrTemplateOf);
  }

  secondsOrTemplate(...names: string[]): number | string | undefined {
    return this.#typed(names, "seconds or a time such as 5m", secondsOrTemplateOf);
  }

  texts(...names: string[]): string[] | undefined {
    const found = this.raw(...names);
    if (found === undefined) return undefined;
    const list = listOfTexts(found.value);
    if (list !== undefined || !Array.isArray(found.value)) {
      return list ?? reportWrong(this.gathering, found.path, "a list of texts", found.value);
    }
    const items = found.value as Json[];
    const wrong = items.findIndex((item) => textOf(item) === undefined);
    return reportWrong(this.gathering, [...found.path, wrong], "text", items[wrong]!);
  }

  textsIfAny(...names: string[]): string[] | undefined {
    const key = names.map((name) => this.#keyOf(name)).find((found) => found !== undefined);
    const list = listOfTexts((key === undefined ? undefined : this.written[key]) ?? []);
    if (key === undefined || !list) return undefined;
    this.#take([key]);
    return list;
  }

  object(...names: string[]): Fields | undefined {
    const key = this.#take(names);
    if (key === undefined) return undefined;
    const value = this.written[key]!;
    if (!isObject(value)) return reportWrong(this.gathering, [...this.path, key], "a map", value);
    return new FieldsOfMap(value, this.gathering, { above: this, key, index: null });
  }

  record(...names: string[]): Record<string, Json> | undefined {
    return this.#typed(names, "a map", recordOf);
  }

  environment(...names: string[]): Record<string, string> | undefined {
    const found = this.raw(...names);
    if (found === undefined) return undefined;
    const env = environmentOf(found.value);
    if (env !== undefined || !isObject(found.value)) {
      return env ?? reportWrong(this.gathering, found.path, "a map of texts", found.value);
    }
    const [key, value] = Object.entries(found.value).find(([, item]) => item !== null && textOf(item) === undefined)!;
    return reportWrong(this.gathering, [...found.path, key], "text", value);
  }

  objects(...names: string[]): Fields[] | undefined {
    const key = this.#take(names);
    if (key === undefined) return undefined;
    const value = this.written[key]!;
    const items = Array.isArray(value) ? (value as Json[]) : [value];
    return items.flatMap((item, place) => {
      const index = Array.isArray(value) ? place : null;
      if (isObject(item)) return [new FieldsOfMap(item, this.gathering, { above: this, key, index })];
      reportWrong(this.gathering, index === null ? [...this.path, key] : [...this.path, key, index], "a map", item);
      return [];
    });
  }

  ignore(...names: string[]): void {
    for (const name of names) this.#take([name]);
  }

  rest(): Record<string, Json> {
    const keys = Object.keys(this.written);
    if (this.read.size === keys.length) return {};
    return Object.fromEntries(
      keys.filter((key) => !this.read.has(key)).map((key) => [key, this.written[key]!] as const),
    );
  }

  entries(): { readonly key: string; readonly value: Json; readonly path: Path }[] {
    return Object.keys(this.written).map((key) => {
      this.read.add(key);
      return { key, value: this.written[key]!, path: [...this.path, key] };
    });
  }

  #keyOf(name: string): string | undefined {
    this.#keys ??= this.#indexed();
    return (this.#lengths & lengthBit(name)) === 0 ? undefined : this.#keys.get(name.toLowerCase());
  }

  #indexed(): Map<string, string> {
    const keys = new Map<string, string>();
    for (const key of Object.keys(this.written)) {
      const lower = key.toLowerCase();
      keys.set(lower, key);
      // Some letters are longer in lower case, and some names come as they were written.
      this.#lengths |= lengthBit(lower) | lengthBit(key);
    }
    return keys;
  }

  /** The first of these keys that has a value. Those it looks at are read. */
  #take(names: readonly string[]): string | undefined {
    for (const name of names) {
      const key = this.#keyOf(name);
      if (key === undefined) continue;
      this.read.add(key);
      const value = this.written[key];
      if (value !== undefined && value !== null) return key;
    }
    return undefined;
  }

  /** Reads, converts, and says what was wanted when the conversion gives undefined. */
  #typed<T>(names: readonly string[], wanted: string, convert: (value: Json) => T | undefined): T | undefined {
    const key = this.#take(names);
    if (key === undefined) return undefined;
    const value = this.written[key]!;
    const converted = convert(value);
    return converted === undefined ? reportWrong(this.gathering, [...this.path, key], wanted, value) : converted;
  }
}

class FoundValue implements Found {
  readonly value: Json;
  readonly #in: FieldsOfMap;
  readonly #key: string;

  constructor(value: Json, fields: FieldsOfMap, key: string) {
    this.value = value;
    this.#in = fields;
    this.#key = key;
  }

  get path(): Path {
    return [...this.#in.path, this.#key];
  }
}

function lengthBit({ length }: string): number {
  return 1 << (length & 31);
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

function flagOrTemplateOf(value: Json): boolean | string | undefined {
  return flagOf(value) ?? template(value);
}

function countOrTemplateOf(value: Json): number | string | undefined {
  return countOf(value) ?? template(value);
}

function secondsOrTemplateOf(value: Json): number | string | undefined {
  return countOf(value) ?? durationOf(value) ?? template(value);
}

function recordOf(value: Json): Record<string, Json> | undefined {
  return isObject(value) ? { ...value } : isEmptyList(value) ? {} : undefined;
}

export function flagOf(value: Json): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  const lower = value.trim().toLowerCase();
  return lower === "true" || lower === "$true" ? true : lower === "false" || lower === "$false" ? false : undefined;
}

function countOf(value: Json): number | undefined {
  const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  return typeof number === "number" && number >= 0 && Number.isFinite(number) ? number : undefined;
}

/** Upstream also writes variables as `$(Name)`, `$Name` and `$Variables.Name`; the model says `{{Name}}`. */
function template(value: Json): string | undefined {
  if (typeof value !== "string") return undefined;
  const lone = /^\s*\$(?:\(\$?([\w.]+)\)|\{?([A-Za-z_][\w.]*)\}?)\s*$/.exec(value);
  if (/^\s*\$env:\w+\s*$/i.test(value)) return `{{${value.trim()}}}`;
  if (lone) return `{{${(lone[1] ?? lone[2]!).replace(/^variables\./i, "")}}}`;
  const modern = value.replaceAll(/\$\(\$?([A-Za-z_]\w*)\)/g, "{{$1}}");
  return hasTemplate(modern) ? modern : undefined;
}

function durationOf(value: Json): number | undefined {
  return typeof value === "string" ? secondsOfText(value) : undefined;
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
