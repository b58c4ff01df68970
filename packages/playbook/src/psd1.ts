import type { Json } from "@aither/protocol";
import { type Path, type Place, placeAt } from "./finding.ts";
import {
  beginLooking,
  closing,
  commentEnd,
  doubleQuoted,
  environmentReference,
  hereString,
  type Literal,
  numberLiteral,
  singleQuoted,
} from "./psd1-text.ts";

/** A piece of the text: lines and columns are counted only when somebody asks. */
export type Psd1Span = { readonly offset: number; readonly length: number };

/** Where values and keys stand, by `JSON.stringify(path)`. */
export type Psd1Places = {
  readonly values: ReadonlyMap<string, Psd1Span>;
  readonly keys: ReadonlyMap<string, Psd1Span>;
};

export type Psd1Result =
  | {
      readonly ok: true;
      readonly value: Json;
      /** Looked for when they are first asked for: whoever finds nothing wrong never pays for them. */
      readonly places: Psd1Places;
    }
  | { readonly ok: false; readonly message: string; readonly place: Place };

/**
 * Parses a PowerShell data file as data. Nothing is ever executed: hashtables, arrays, texts, numbers and the constants
 * become JSON; `$env:NAME` becomes the template `{{$env:NAME}}`, another variable `{{name}}`, a script block its own
 * text. Whatever else PowerShell could do is an error that says where.
 */
export function parsePsd1(text: string): Psd1Result {
  try {
    const { value } = readAll(text, false);
    let places: Psd1Places | undefined;
    return {
      ok: true,
      value,
      get places() {
        return (places ??= readAll(text, true).places);
      },
    };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { ok: false, message: `this is no PowerShell data: ${error.message}`, place: placeAt(text, error.offset) };
  }
}

function readAll(text: string, placing: boolean): { readonly value: Json; readonly places: Psd1Places } {
  beginLooking(text);
  const reader: Reader = { text, placing, at: 0, values: new Map(), keys: new Map(), depth: 0 };
  skip(reader, true);
  const value = readValue(reader, []);
  skip(reader, true);
  if (reader.at < text.length) throw new Wrong(reader.at, "there is more after the end of the data");
  return { value, places: { values: reader.values, keys: reader.keys } };
}

type Reader = {
  readonly text: string;
  /** Whether places are kept. */
  readonly placing: boolean;
  at: number;
  readonly values: Map<string, Psd1Span>;
  readonly keys: Map<string, Psd1Span>;
  depth: number;
};

class Wrong extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const DEPTH_MAX = 100;

/** A value, and what is joined to it: `'a' + 'b'`, `'a', 'b'`. */
function readValue(reader: Reader, path: Path): Json {
  const from = reader.at;
  let value = readPlus(reader, path);
  skip(reader, false);
  if (reader.text[reader.at] === ",") {
    const items = [value];
    while (take(reader, ",")) {
      skip(reader, true);
      items.push(readPlus(reader, [...path, items.length]));
      skip(reader, false);
    }
    value = items;
    note(reader, path, from);
  }
  return value;
}

function readPlus(reader: Reader, path: Path): Json {
  const from = reader.at;
  let value = readOne(reader, path);
  for (;;) {
    skip(reader, false);
    const next = reader.text[reader.at];
    if (next === "-" && /[a-z]/i.test(reader.text[reader.at + 1] ?? "")) return readComparison(reader, from);
    if (next !== "+") return value;
    const at = reader.at;
    reader.at += 1;
    skip(reader, true);
    const right = readOne(reader, path);
    if (Array.isArray(value)) value = [...(value as Json[]), ...(Array.isArray(right) ? (right as Json[]) : [right])];
    else if (typeof value === "string") value += typeof right === "object" ? JSON.stringify(right) : String(right);
    else if (typeof value === "number" && typeof right === "number") value += right;
    else throw new Wrong(at, "these cannot be added");
  }
}

/** `$env:CI -eq 'true'` is kept as the template of that condition. */
function readComparison(reader: Reader, from: number): string {
  while (reader.at < reader.text.length && !/[\r\n;,})#]/.test(reader.text[reader.at]!)) {
    const quote = reader.text[reader.at];
    const literal =
      quote === "'"
        ? singleQuoted(reader.text, reader.at)
        : quote === '"'
          ? doubleQuoted(reader.text, reader.at)
          : null;
    reader.at = literal?.end ?? reader.at + 1;
  }
  return `{{${reader.text.slice(from, reader.at).trim()}}}`;
}

function readOne(reader: Reader, path: Path): Json {
  const { text, at } = reader;
  const from = at;
  reader.depth += 1;
  if (reader.depth > DEPTH_MAX) throw new Wrong(at, `it is nested deeper than ${DEPTH_MAX}`);
  const value = readBare(reader, path, text.slice(at, at + 2));
  reader.depth -= 1;
  note(reader, path, from);
  return value;
}

function readBare(reader: Reader, path: Path, two: string): Json {
  const { text, at } = reader;
  const one = two[0];
  if (two === "@{") return readHashtable(reader, path);
  if (two === "@(" || one === "(") return readArray(reader, path, two === "@(");
  if (two === "@'" || two === '@"') return literal(reader, hereString(text, at), "here-string");
  if (one === "'") return literal(reader, singleQuoted(text, at), "text");
  if (one === '"') return literal(reader, doubleQuoted(text, at), "text");
  if (one === "{") return readBlock(reader);
  if (one === "$") return readVariable(reader);
  if (one === "[") return readCast(reader, path);
  const number = numberLiteral(text, at);
  if (number) return literal(reader, number, "number");
  throw unexpected(reader);
}

function literal<T extends Json>(reader: Reader, found: Literal<T> | null, what: string): T {
  if (!found) throw new Wrong(reader.at, `this ${what} has no end`);
  reader.at = found.end;
  return found.value;
}

function readHashtable(reader: Reader, path: Path): Json {
  const open = reader.at;
  const table: Record<string, Json> = {};
  const taken = new Set<string>();
  reader.at += 2;
  for (;;) {
    skip(reader, true);
    while (take(reader, ";")) skip(reader, true);
    if (take(reader, "}")) return table;
    if (reader.at >= reader.text.length) throw new Wrong(open, "this `@{` is never closed");
    const from = reader.at;
    const key = readKey(reader);
    if (taken.has(key.toLowerCase())) throw new Wrong(from, `the key \`${key}\` is there twice`);
    taken.add(key.toLowerCase());
    const inner = [...path, key];
    if (reader.placing) reader.keys.set(JSON.stringify(inner), { offset: from, length: reader.at - from });
    skip(reader, true);
    if (!take(reader, "=")) throw new Wrong(reader.at, `\`=\` is expected after the key \`${key}\``);
    skip(reader, true);
    const value = readValue(reader, inner);
    // A plain assignment is many times faster, but this one key would change what the table inherits.
    if (key !== "__proto__") table[key] = value;
    else Object.defineProperty(table, key, { value, enumerable: true, configurable: true, writable: true });
    endOfEntry(reader, "}");
  }
}

function readKey(reader: Reader): string {
  const { text, at } = reader;
  if (text[at] === "'") return literal(reader, singleQuoted(text, at), "key");
  if (text[at] === '"') return literal(reader, doubleQuoted(text, at), "key");
  const word = /^[A-Za-z_\d][\w.-]*/.exec(text.slice(at, at + 200))?.[0];
  if (word === undefined) throw unexpected(reader);
  reader.at += word.length;
  return word;
}

/** After an entry comes a new line, `;` or the closing bracket. */
function endOfEntry(reader: Reader, close: string): void {
  skip(reader, false);
  const next = reader.text[reader.at];
  if (next === undefined || next === "\n" || next === "\r" || next === ";" || next === close) return;
  throw unexpected(reader);
}

function readArray(reader: Reader, path: Path, always: boolean): Json {
  const open = reader.at;
  const items: Json[] = [];
  reader.at += always ? 2 : 1;
  for (;;) {
    skip(reader, true);
    while (take(reader, ",") || take(reader, ";")) skip(reader, true);
    if (take(reader, ")")) return always || items.length !== 1 ? items : items[0]!;
    if (reader.at >= reader.text.length) throw new Wrong(open, "this bracket is never closed");
    items.push(readPlus(reader, [...path, items.length]));
    skip(reader, false);
    const next = reader.text[reader.at] ?? "";
    if (!/[\r\n,;)]/.test(next)) throw unexpected(reader);
  }
}

/** A script block is kept as text; whoever reads it decides whether it can be understood. */
function readBlock(reader: Reader): string {
  const end = closing(reader.text, reader.at, "{", "}");
  if (end === null) throw new Wrong(reader.at, "this script block is never closed");
  const inner = reader.text.slice(reader.at + 1, end - 1).trim();
  reader.at = end;
  return inner;
}

function readVariable(reader: Reader): Json {
  const rest = reader.text.slice(reader.at, reader.at + 300);
  const environment = environmentReference(rest);
  if (environment) {
    reader.at += environment.length;
    return `{{$env:${environment.name}}}`;
  }
  const found = /^\$([A-Za-z_]\w*)((?:\.\w+)*)/.exec(rest);
  if (!found) throw unexpected(reader);
  reader.at += found[0].length;
  const [, name = "", members = ""] = found;
  const lower = name.toLowerCase();
  if (members === "" && lower === "true") return true;
  if (members === "" && lower === "false") return false;
  if (members === "" && lower === "null") return null;
  const variable = lower === "variables" ? members.slice(1) : name + members;
  return `{{${variable}}}`;
}

/** `[ordered]@{…}`, `[string]'x'`: the type is only a wish, the data stays. */
function readCast(reader: Reader, path: Path): Json {
  const cast = /^\[[\w.[\],]+\]/.exec(reader.text.slice(reader.at, reader.at + 100))?.[0];
  if (cast === undefined) throw unexpected(reader);
  reader.at += cast.length;
  if (reader.text.startsWith("::", reader.at)) throw new Wrong(reader.at, "a call is no data");
  skip(reader, false);
  return readOne(reader, path);
}

function note(reader: Reader, path: Path, from: number): void {
  if (!reader.placing) return;
  const open = /[@({[]/.test(reader.text[from] ?? "");
  const length = open ? 2 : Math.max(1, reader.at - from);
  reader.values.set(JSON.stringify(path), { offset: from, length });
}

/** Skips blanks and comments; over line ends only where asked. A backtick continues a line. */
function skip(reader: Reader, lines: boolean): void {
  for (;;) {
    const next = reader.text[reader.at];
    const comment = next === "#" || next === "<" ? commentEnd(reader.text, reader.at) : null;
    if (comment !== null) reader.at = comment;
    else if (next === " " || next === "\t" || next === "\uFEFF") reader.at += 1;
    else if (lines && (next === "\n" || next === "\r")) reader.at += 1;
    else if (next === "`" && /^`\r?\n/.test(reader.text.slice(reader.at, reader.at + 3))) reader.at += 2;
    else return;
  }
}

function take(reader: Reader, character: string): boolean {
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

function unexpected(reader: Reader): Wrong {
  const rest = /^\S{1,20}/.exec(reader.text.slice(reader.at))?.[0] ?? "";
  return rest === ""
    ? new Wrong(reader.at, "it ends too early")
    : new Wrong(reader.at, `\`${rest}\` is code, not data`);
}
