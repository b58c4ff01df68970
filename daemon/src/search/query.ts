/** What is looked for, and how a line that holds it is found. Pure: it is given bytes. */
import { isAscii } from "node:buffer";
import { staysInLine, wordOf } from "./regex.ts";

export type SearchQuery = {
  readonly text: string;
  readonly regex: boolean;
  readonly ignoreCase: boolean;
};

/** A line that fits. `before`: line feeds in front of it in the bytes that were given. */
export type Hit = { readonly before: number; readonly text: string };

export type Finder = {
  /** Bytes that two pieces of one long line must share, so that nothing between them is missed. */
  readonly overlap: number;
  find(bytes: Buffer): Generator<Hit, void, undefined>;
};

/** A longer line is shown from a little before what was found in it. */
export const SHOWN_BYTES_MAX = 16 * 1024;
const SHOWN_BEFORE = 1024;
/** A regex that needs more than this of a line that comes in pieces may miss it. */
const REGEX_OVERLAP = 64 * 1024;
const NEWLINE = 0x0a;

/** Null, or what is wrong with it: the end of a sentence. */
export function whatIsWrong(query: SearchQuery): string | null {
  const { text, regex } = query;
  if (text === "") return "is empty";
  if (/[\n\r]/.test(text)) return "holds a line feed; lines are searched one by one";
  if (!regex) return null;
  try {
    finderOf(query);
    return null;
  } catch (error) {
    return `is no regex: ${(error instanceof Error ? error.message : String(error)).replace(/^Invalid regular expression: /, "")}`;
  }
}

export function finderOf(query: SearchQuery): Finder {
  const needle = Buffer.from(query.text);
  if (!query.regex && !query.ignoreCase) {
    return { overlap: needle.length - 1, find: (bytes) => findBytes(bytes, needle) };
  }
  if (!query.regex) {
    const pattern = new RegExp(query.text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`), "gi");
    // A letter and its other case may differ in length by a byte or two.
    return { overlap: needle.length * 3, find: (bytes) => findText(bytes, pattern) };
  }
  const pattern = new RegExp(query.text, query.ignoreCase ? "i" : "");
  const word = query.ignoreCase ? null : wordOf(query.text);
  if (word !== null) {
    const bytesOfWord = Buffer.from(word);
    return { overlap: REGEX_OVERLAP, find: (bytes) => findLinesWith(bytes, bytesOfWord, pattern) };
  }
  if (staysInLine(query.text)) {
    const anywhere = new RegExp(query.text, `gm${pattern.flags}`);
    return { overlap: REGEX_OVERLAP, find: (bytes) => findInLines(bytes, anywhere, pattern) };
  }
  return { overlap: REGEX_OVERLAP, find: (bytes) => findLines(bytes, pattern) };
}

/** The machine's own search over bytes: nothing is decoded but what is shown. */
function* findBytes(bytes: Buffer, needle: Buffer): Generator<Hit, void, undefined> {
  let before = 0;
  let counted = 0;
  for (let at = bytes.indexOf(needle); at !== -1;) {
    const begin = bytes.lastIndexOf(NEWLINE, at) + 1;
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline === -1 ? bytes.length : newline;
    before += countNewlines(bytes, counted, begin);
    counted = begin;
    const shown = end - begin <= SHOWN_BYTES_MAX ? begin : Math.max(begin, at - SHOWN_BEFORE);
    yield { before, text: withoutReturn(bytes.toString("utf8", shown, Math.min(end, shown + SHOWN_BYTES_MAX))) };
    at = newline === -1 ? -1 : bytes.indexOf(needle, newline + 1);
  }
}

/** A literal in either case: it holds no line feed, so all lines may be searched as one text. */
function* findText(bytes: Buffer, pattern: RegExp): Generator<Hit, void, undefined> {
  const text = textOf(bytes);
  let before = 0;
  let counted = 0;
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const begin = text.lastIndexOf("\n", found.index) + 1;
    const newline = text.indexOf("\n", found.index);
    const end = newline === -1 ? text.length : newline;
    for (let at = text.indexOf("\n", counted); at !== -1 && at < begin; at = text.indexOf("\n", at + 1)) before += 1;
    counted = begin;
    yield { before, text: shownOf(text.slice(begin, end), found.index - begin) };
    if (newline === -1) return;
    pattern.lastIndex = newline + 1;
  }
}

/** A regex sees one line at a time: `^`, `$` and `[^x]` mean what they mean to `grep`. */
function* findLines(bytes: Buffer, pattern: RegExp): Generator<Hit, void, undefined> {
  const text = textOf(bytes);
  let before = 0;
  for (let begin = 0; begin < text.length; before += 1) {
    const newline = text.indexOf("\n", begin);
    const line = withoutReturn(text.slice(begin, newline === -1 ? text.length : newline));
    const found = pattern.exec(line);
    if (found !== null) yield { before, text: shownOf(line, found.index) };
    if (newline === -1) return;
    begin = newline + 1;
  }
}

/** The same for lines that hold a word without which nothing fits: only those are decoded and tried. */
function* findLinesWith(bytes: Buffer, word: Buffer, pattern: RegExp): Generator<Hit, void, undefined> {
  let before = 0;
  let counted = 0;
  for (let at = bytes.indexOf(word); at !== -1;) {
    const begin = bytes.lastIndexOf(NEWLINE, at) + 1;
    const newline = bytes.indexOf(NEWLINE, at);
    const line = withoutReturn(bytes.toString("utf8", begin, newline === -1 ? bytes.length : newline));
    const found = pattern.exec(line);
    if (found !== null) {
      before += countNewlines(bytes, counted, begin);
      counted = begin;
      yield { before, text: shownOf(line, found.index) };
    }
    at = newline === -1 ? -1 : bytes.indexOf(word, newline + 1);
  }
}

/** The same for a regex that never reaches over a line end: whatever fits a line is found in the text of all lines. */
function* findInLines(bytes: Buffer, anywhere: RegExp, pattern: RegExp): Generator<Hit, void, undefined> {
  const text = textOf(bytes);
  let before = 0;
  let counted = 0;
  anywhere.lastIndex = 0;
  for (let there = anywhere.exec(text); there !== null; there = anywhere.exec(text)) {
    const begin = there.index === 0 ? 0 : text.lastIndexOf("\n", there.index - 1) + 1;
    // Behind the end of the last line there is none.
    if (begin === text.length) return;
    const newline = text.indexOf("\n", begin);
    const line = withoutReturn(text.slice(begin, newline === -1 ? text.length : newline));
    const found = pattern.exec(line);
    if (found !== null) {
      for (let at = text.indexOf("\n", counted); at !== -1 && at < begin; at = text.indexOf("\n", at + 1)) before += 1;
      counted = begin;
      yield { before, text: shownOf(line, found.index) };
    }
    if (newline === -1) return;
    anywhere.lastIndex = newline + 1;
  }
}

/** Most output is ASCII, which is decoded several times as quickly when it is known to be. */
function textOf(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
}

export function countNewlines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, from); at !== -1 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function shownOf(line: string, at: number): string {
  const shown = line.length <= SHOWN_BYTES_MAX ? 0 : Math.max(0, at - SHOWN_BEFORE);
  return withoutReturn(line.slice(shown, shown + SHOWN_BYTES_MAX));
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
