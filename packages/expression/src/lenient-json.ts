import type { Value } from "./values.ts";

/**
 * JSON as GitHub's `fromJSON` reads it: also single quotes, unquoted names, trailing commas, comments, NaN and
 * Infinity; what follows the value is ignored. Objects keep the order of their keys. Throws a SyntaxError.
 */
export function parseLenientJson(text: string): Value {
  const reader: Reader = { text, at: 0, depth: 0 };
  skipBlank(reader);
  if (reader.at >= text.length) throw new SyntaxError("Unexpected end of JSON input");
  return readValue(reader);
}

type Reader = { readonly text: string; at: number; depth: number };
const DEPTH_MAX = 100;

function readValue(reader: Reader): Value {
  skipBlank(reader);
  const next = reader.text[reader.at];
  if (next === "{") return nested(reader, readObject);
  if (next === "[") return nested(reader, readList);
  if (next === '"' || next === "'") return readText(reader);
  return readWord(reader);
}

function nested<T>(reader: Reader, read: (reader: Reader) => T): T {
  reader.depth += 1;
  if (reader.depth > DEPTH_MAX) throw new SyntaxError(`JSON is nested deeper than ${DEPTH_MAX}`);
  const value = read(reader);
  reader.depth -= 1;
  return value;
}

function readObject(reader: Reader): Value {
  const object = new Map<string, Value>();
  reader.at += 1;
  for (;;) {
    skipBlank(reader);
    if (take(reader, "}")) return object;
    const key = readKey(reader);
    skipBlank(reader);
    if (!take(reader, ":")) throw unexpected(reader);
    object.set(key, readValue(reader));
    skipBlank(reader);
    if (take(reader, ",")) continue;
    if (take(reader, "}")) return object;
    throw unexpected(reader);
  }
}

function readKey(reader: Reader): string {
  const next = reader.text[reader.at];
  if (next === '"' || next === "'") return readText(reader);
  const name = /^[\w$-]+/.exec(reader.text.slice(reader.at))?.[0];
  if (name === undefined) throw unexpected(reader);
  reader.at += name.length;
  return name;
}

function readList(reader: Reader): Value {
  const list: Value[] = [];
  reader.at += 1;
  for (;;) {
    skipBlank(reader);
    if (take(reader, "]")) return list;
    list.push(readValue(reader));
    skipBlank(reader);
    if (take(reader, ",")) continue;
    if (take(reader, "]")) return list;
    throw unexpected(reader);
  }
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function readText(reader: Reader): string {
  const quote = reader.text[reader.at];
  let text = "";
  reader.at += 1;
  while (reader.at < reader.text.length) {
    const next = reader.text[reader.at++]!;
    if (next === quote) return text;
    if (next !== "\\") {
      text += next;
      continue;
    }
    const escaped = reader.text[reader.at++] ?? "";
    if (escaped !== "u") {
      text += escapes[escaped] ?? escaped;
      continue;
    }
    const digits = reader.text.slice(reader.at, reader.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw unexpected(reader);
    text += String.fromCharCode(Number.parseInt(digits, 16));
    reader.at += 4;
  }
  throw new SyntaxError("Unterminated string in JSON");
}

function readWord(reader: Reader): Value {
  const word = /^[^\s,\]}:/]+/.exec(reader.text.slice(reader.at))?.[0] ?? "";
  const value = wordValue(word);
  if (value === undefined) throw unexpected(reader);
  reader.at += word.length;
  return value;
}

function wordValue(word: string): Value | undefined {
  switch (word) {
    case "null":
    case "undefined":
      return null;
    case "true":
      return true;
    case "false":
      return false;
    case "NaN":
      return Number.NaN;
    case "Infinity":
      return Infinity;
    case "-Infinity":
      return -Infinity;
    default:
      return /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^0x[0-9a-fA-F]+$/.test(word) ? Number(word) : undefined;
  }
}

function skipBlank(reader: Reader): void {
  const blank = /^(\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/.exec(reader.text.slice(reader.at));
  if (blank) reader.at += blank[0].length;
}

function take(reader: Reader, character: string): boolean {
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

function unexpected(reader: Reader): SyntaxError {
  const next = reader.text[reader.at];
  return new SyntaxError(
    next === undefined ? "Unexpected end of JSON input" : `Unexpected token '${next}' at position ${reader.at} in JSON`,
  );
}
