import { placeAt } from "./finding.ts";
import { Wrong } from "./psd1-reckon.ts";
import { commentEnd, isBareText } from "./psd1-text.ts";

/** A piece of the text: lines and columns are counted only when somebody asks. */
export type Psd1Span = { readonly offset: number; readonly length: number };

/** How far a text was read. */
export type Reader = {
  readonly text: string;
  /** Where its file is: `$PSScriptRoot`. */
  readonly folder: string | null;
  /** Whether places are kept. */
  readonly placing: boolean;
  at: number;
  readonly values: Map<string, Psd1Span>;
  readonly keys: Map<string, Psd1Span>;
  depth: number;
  /** Where the sum that was read last has its first sign; null when it is none. */
  joinedAt: number | null;
};

/** Skips blanks and comments; over line ends only where asked. A backtick continues a line. */
export function skip(reader: Reader, lines: boolean): void {
  for (;;) {
    const next = reader.text[reader.at];
    const comment = next === "#" || next === "<" ? commentEnd(reader.text, reader.at) : null;
    if (comment !== null) reader.at = comment;
    else if (next === " " || next === "\t" || (next !== undefined && next > "~" && blank.test(next))) reader.at += 1;
    else if (lines && (next === "\n" || next === "\r")) reader.at += 1;
    else if (next === "`" && /^`\r?\n/.test(reader.text.slice(reader.at, reader.at + 3))) reader.at += 2;
    else return;
  }
}

/** Other blanks than those of ASCII. */
const blank = /[\p{Zs}\uFEFF]/u;

export function take(reader: Reader, character: string): boolean {
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

export function unexpected(reader: Reader): Wrong {
  const rest = /^\S{1,20}/.exec(reader.text.slice(reader.at))?.[0] ?? "";
  return rest === ""
    ? new Wrong(reader.at, "it ends too early")
    : new Wrong(reader.at, `\`${rest}\` is code, not data${isBareText(rest) ? "; a text stands in quotes" : ""}`);
}

/** What can stand behind a table, and not in it. */
export function isOutside({ text, at }: Reader): boolean {
  return text[at] === ")" || text.startsWith("@{", at);
}

export function unclosed({ text, at }: Reader, open: number): Wrong {
  return new Wrong(at, `a \`}\` is missing: the \`@{\` of line ${placeAt(text, open).line} is not closed`);
}
