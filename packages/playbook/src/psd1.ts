import type { Json } from "@aither/protocol";
import { type Path, type Place, placeAt } from "./finding.ts";
import { cast } from "./psd1-cast.ts";
import { isOutside, type Psd1Span, type Reader, skip, take, unclosed, unexpected } from "./psd1-reader.ts";
import { isSign, joined, reckoned, Wrong } from "./psd1-reckon.ts";
import { endOfCondition, isComparison, isNegation } from "./psd1-condition.ts";
import {
  beginLooking,
  closing,
  constantLiteral,
  doubleQuoted,
  environmentReference,
  FOLDER,
  hereString,
  isDash,
  isDoubleQuote,
  isSingleQuote,
  type Literal,
  numberLiteral,
  singleQuoted,
} from "./psd1-text.ts";

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
      readonly places: () => Psd1Places;
    }
  | { readonly ok: false; readonly message: string; readonly place: Place };

/**
 * Parses a PowerShell data file as data. Nothing is ever executed: hashtables, arrays, texts, numbers and the constants
 * become JSON; `$env:NAME` becomes the template `{{$env:NAME}}`, another variable `{{name}}`, a script block its own
 * text, `$PSScriptRoot` the file's `folder`. Whatever else PowerShell could do is an error that says where.
 */
export function parsePsd1(text: string, folder: string | null = null): Psd1Result {
  try {
    const { value } = readAll(text, { folder, placing: false });
    let places: Psd1Places | undefined;
    return { ok: true, value, places: () => (places ??= readAll(text, { folder, placing: true }).places) };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { ok: false, message: `this is no PowerShell data: ${error.message}`, place: placeAt(text, error.offset) };
  }
}

type How = Pick<Reader, "folder" | "placing">;

function readAll(text: string, { folder, placing }: How): { readonly value: Json; readonly places: Psd1Places } {
  beginLooking(text);
  const reader: Reader = { text, folder, placing, at: 0, values: new Map(), keys: new Map(), depth: 0, joinedAt: null };
  skip(reader, true);
  const value = readValue(reader, []);
  skip(reader, true);
  if (reader.at < text.length) throw new Wrong(reader.at, "there is more after the end of the data");
  return { value, places: { values: reader.values, keys: reader.keys } };
}

const DEPTH_MAX = 100;

/** A value, and what is joined to it: `'a' + 'b'`, `'a', 'b'`, `$env:X -in 'a', 'b'`. */
function readValue(reader: Reader, path: Path): Json {
  const from = reader.at;
  if (isNegation(reader.text, reader.at)) return readCondition(reader, from);
  // A comma in front makes a list of one.
  const isList = take(reader, ",");
  if (isList) skip(reader, true);
  const first = readSum(reader, isList ? [...path, 0] : path);
  let value: Json = isList ? [first] : first;
  let { joinedAt } = reader;
  if (isList) note(reader, path, from);
  skip(reader, false);
  if (reader.text[reader.at] === ",") {
    const items = [value];
    while (take(reader, ",")) {
      const comma = reader.at - 1;
      skip(reader, true);
      if (/^[\w'"]+\s*=[^=]/.test(reader.text.slice(reader.at, reader.at + 100))) {
        throw new Wrong(comma, "entries are parted by a new line or `;`, not by a comma");
      }
      items.push(readSum(reader, below(reader, path, items.length)));
      joinedAt ??= reader.joinedAt;
      skip(reader, false);
    }
    value = items;
    note(reader, path, from);
  }
  if (value !== first) refuseJoined(joinedAt);
  return isComparison(reader.text, reader.at) ? readCondition(reader, from) : value;
}

/** Sums and products of numbers; texts and lists are joined. Where the first of them stood is `reader.joinedAt`. */
function readSum(reader: Reader, path: Path): Json {
  let value = readProduct(reader, path);
  let joinedAt: number | null = null;
  for (;;) {
    skip(reader, false);
    const at = reader.at;
    const isMinus = isDash(reader.text[at]) && !/[a-z]/i.test(reader.text[at + 1] ?? "");
    if (reader.text[at] !== "+" && !isMinus) {
      reader.joinedAt = joinedAt;
      return value;
    }
    reader.at += 1;
    skip(reader, true);
    const right = readProduct(reader, path);
    value = isMinus ? reckoned(at, "-", value, right) : joined(at, value, right, joinedAt !== null);
    joinedAt ??= at;
  }
}

/** `'a' + 'b', 'c'`: to PowerShell a comma binds tighter, which nobody who writes that has in mind. */
function refuseJoined(joinedAt: number | null): void {
  if (joinedAt === null) return;
  throw new Wrong(joinedAt, "beside commas this joins all of the list: put what it joins in brackets, `('a' + 'b')`");
}

function readProduct(reader: Reader, path: Path): Json {
  let value = readOne(reader, path);
  for (;;) {
    skip(reader, false);
    const at = reader.at;
    const sign = reader.text[at] ?? "";
    if (!isSign(sign)) return value;
    reader.at += 1;
    skip(reader, true);
    value = reckoned(at, sign, value, readOne(reader, path));
  }
}

/** `$env:CI -eq 'true'` is kept as the template of that condition. */
function readCondition(reader: Reader, from: number): string {
  reader.at = endOfCondition(reader.text, from);
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
  if (one === "@" && (isSingleQuote(two[1]) || isDoubleQuote(two[1]))) {
    return inFolder(reader, at, literal(reader, hereString(text, at), "here-string"));
  }
  if (isSingleQuote(one)) return literal(reader, singleQuoted(text, at), "text");
  if (isDoubleQuote(one)) return inFolder(reader, at, literal(reader, doubleQuoted(text, at), "text"));
  if (one === "{") return readBlock(reader);
  if (one === "$") return readVariable(reader);
  if (one === "[") return readCast(reader, path);
  const number = numberLiteral(text, at);
  if (number && /^\d{16,}$/.test(text.slice(at, number.end)) && !Number.isSafeInteger(number.value)) {
    throw new Wrong(at, "this number is too long to be kept whole; write it in quotes");
  }
  if (number && !Number.isFinite(number.value)) throw new Wrong(at, "this number is too large");
  if (number) return literal(reader, number, "number");
  throw unexpected(reader);
}

/** The path of a part. Where no places are kept nobody looks at it. */
function below(reader: Reader, path: Path, key: string | number): Path {
  return reader.placing ? [...path, key] : path;
}

function literal<T extends Json>(reader: Reader, found: Literal<T> | null, what: string): T {
  if (!found) throw new Wrong(reader.at, `this ${what} has no end`);
  reader.at = found.end;
  return found.value;
}

function inFolder(reader: Reader, at: number, text: string): string {
  return text.includes(FOLDER) ? text.replaceAll(FOLDER, () => folderOf(reader, at)) : text;
}

function folderOf({ folder }: Reader, at: number): string {
  if (folder === null) throw new Wrong(at, "this text is in no file, so there is no `$PSScriptRoot`");
  return folder;
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
    if (isOutside(reader)) throw unclosed(reader, open);
    const from = reader.at;
    const key = readKey(reader);
    if (taken.has(key.toLowerCase())) throw new Wrong(from, `the key \`${key}\` is there twice`);
    taken.add(key.toLowerCase());
    const inner = below(reader, path, key);
    if (reader.placing) reader.keys.set(JSON.stringify(inner), { offset: from, length: reader.at - from });
    skip(reader, true);
    if (!take(reader, "=")) throw new Wrong(reader.at, `\`=\` is expected after the key \`${key}\``);
    skip(reader, true);
    const value = readValue(reader, inner);
    // A plain assignment is many times faster, but this one key would change what the table inherits.
    if (key !== "__proto__") table[key] = value;
    else Object.defineProperty(table, key, { value, enumerable: true, configurable: true, writable: true });
    skip(reader, false);
    if (reader.text[reader.at] === ")") throw unclosed(reader, open);
    endOfEntry(reader, "}");
  }
}

function readKey(reader: Reader): string {
  const { text, at } = reader;
  if (isSingleQuote(text[at])) return literal(reader, singleQuoted(text, at), "key");
  if (isDoubleQuote(text[at])) return literal(reader, doubleQuoted(text, at), "key");
  bareKey.lastIndex = at;
  if (!bareKey.test(text)) throw unexpected(reader);
  reader.at = bareKey.lastIndex;
  return text.slice(at, reader.at);
}

// Asked of each key and value: without a match that is made into a list of texts.
const bareKey = /[\p{L}\p{Nd}_][\p{L}\p{M}\p{Nd}_.-]{0,199}/uy;

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
    while (take(reader, ";")) skip(reader, true);
    if (take(reader, ")")) return always || items.length !== 1 ? items : items[0]!;
    if (reader.at >= reader.text.length || reader.text[reader.at] === "}") {
      throw new Wrong(open, "this bracket is never closed");
    }
    items.push(...readStatement(reader, { path: below(reader, path, items.length), always }));
    skip(reader, false);
    const next = reader.text[reader.at] ?? "";
    if (!/[\r\n,;)]/.test(next)) throw unexpected(reader);
  }
}

/**
 * One statement within brackets: a value, several with commas between them, or a condition over all of these. Within
 * `@( )` the items of a lone list are items, which is what PowerShell's comma in front is for: it keeps the list whole.
 */
function readStatement(reader: Reader, { path, always }: { path: Path; always: boolean }): readonly Json[] {
  const from = reader.at;
  if (isNegation(reader.text, from)) return [readCondition(reader, from)];
  if (take(reader, ",")) {
    skip(reader, true);
    const value = readSum(reader, [...path, 0]);
    refuseJoined(reader.joinedAt);
    return [always ? value : [value]];
  }
  const items: Json[] = [];
  let joinedAt: number | null = null;
  const [before, first] = [path.slice(0, -1), path.at(-1) as number];
  for (;;) {
    items.push(readSum(reader, [...before, first + items.length]));
    joinedAt ??= reader.joinedAt;
    if (items.length > 1) refuseJoined(joinedAt);
    skip(reader, false);
    if (isComparison(reader.text, reader.at)) return [readCondition(reader, from)];
    const [only] = items;
    if (reader.text[reader.at] !== ",")
      return items.length === 1 && always && Array.isArray(only) ? (only as Json[]) : items;
    take(reader, ",");
    skip(reader, true);
    // The comma behind the last one is nothing: upstream's files end lists so.
    if (reader.text[reader.at] === ")" || reader.at >= reader.text.length) return items;
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
  const constant = constantLiteral(reader.text, reader.at);
  if (constant) return literal(reader, constant, "constant");
  const { at } = reader;
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
  if (members === "" && lower === "psscriptroot") return folderOf(reader, at);
  // What no playbook sets keeps its mark, so that it is not taken for a variable.
  if (automatic.test(lower)) return `{{$${name}${members}}}`;
  const variable = lower === "variables" ? members.slice(1) : name + members;
  return `{{${variable}}}`;
}

const automatic =
  /^(is(windows|linux|macos|coreclr)|psversiontable|psedition|pscommandpath|psculture|psuiculture|home|pwd|host|pid)$/;

/** `[ordered]@{…}`, `[string]'x'`. */
function readCast(reader: Reader, path: Path): Json {
  const type = /^\[[\w.[\],]+\]/.exec(reader.text.slice(reader.at, reader.at + 100))?.[0];
  if (type === undefined) throw unexpected(reader);
  const { at } = reader;
  reader.at += type.length;
  if (reader.text.startsWith("::", reader.at)) throw new Wrong(reader.at, "a call is no data");
  skip(reader, false);
  const made = cast(type.slice(1, -1), readOne(reader, path));
  if (!made.ok) throw new Wrong(at, made.message);
  return made.value;
}

function note(reader: Reader, path: Path, from: number): void {
  if (!reader.placing) return;
  const open = /[@({[]/.test(reader.text[from] ?? "");
  const length = open ? 2 : Math.max(1, reader.at - from);
  reader.values.set(JSON.stringify(path), { offset: from, length });
}
