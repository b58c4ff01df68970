import { powerShellEscapes } from "@aither/expression";

/** Reading of PowerShell's literals: texts and numbers. Offsets are into the whole text. */
export type Literal<T> = { readonly value: T; readonly end: number };

/**
 * Brackets hold texts that hold brackets: what has no end is looked through again from within, and from within that. So
 * what was found out of a place is kept, and a text that takes far more steps than its length is given up.
 */
type Looked = { readonly text: string; readonly ends: Map<string, number | null>; stepsLeft: number; depth: number };

const STEPS_EACH = 40;
const STEPS_LEAST = 2_000_000;
/** Texts in brackets in texts; what is deeper has no end. */
const DEPTH_MAX = 100;
let looked: Looked = { text: "", ends: new Map(), stepsLeft: 0, depth: 0 };

/** To be called before a text is read, so that it is read the same way each time. */
export function beginLooking(text: string): void {
  looked = { text, ends: new Map(), stepsLeft: STEPS_LEAST + STEPS_EACH * text.length, depth: 0 };
}

function lookOnce(key: string, text: string, look: () => number | null): number | null {
  if (looked.text !== text) beginLooking(text);
  const known = looked.ends.get(key);
  if (known !== undefined) return known;
  if (looked.depth >= DEPTH_MAX) return null;
  looked.depth += 1;
  const end = look();
  looked.depth -= 1;
  looked.ends.set(key, end);
  return end;
}

/**
 * PowerShell takes typographic quotes for plain ones. What begins with a plain one ends with a plain one here, so that the
 * others may stand in it; what begins with another ends with any.
 */
export function isSingleQuote(character: string | undefined): boolean {
  return character === "'" || (character !== undefined && character >= "\u2018" && character <= "\u201B");
}

export function isDoubleQuote(character: string | undefined): boolean {
  return character === '"' || (character !== undefined && character >= "\u201C" && character <= "\u201E");
}

/** A minus, also one that a word processor made of it. */
export function isDash(character: string | undefined): boolean {
  return character === "-" || (character !== undefined && character >= "\u2013" && character <= "\u2015");
}

/** `'it''s'`; null when it has no end. */
export function singleQuoted(text: string, at: number): Literal<string> | null {
  if (text[at] !== "'") return oddlyQuoted(text, at);
  let value = "";
  for (let from = at + 1, end = text.indexOf("'", from); end >= 0; end = text.indexOf("'", from)) {
    value += text.slice(from, end);
    if (text[end + 1] !== "'") return { value, end: end + 1 };
    value += "'";
    from = end + 2;
  }
  return null;
}

function oddlyQuoted(text: string, at: number): Literal<string> | null {
  let value = "";
  for (let index = at + 1; index < text.length; index += 1) {
    if (!isSingleQuote(text[index])) value += text[index]!;
    else if (isSingleQuote(text[index + 1])) value += text[++index]!;
    else return { value, end: index + 1 };
  }
  return null;
}

/** `"a $($env:NAME) b"`: escapes are resolved, references to the environment become templates, the rest stays as it is. */
export function doubleQuoted(text: string, at: number): Literal<string> | null {
  let found: Literal<string> | null = null;
  const end = lookOnce(`"${at}`, text, () => (found = readDoubleQuoted(text, at))?.end ?? null);
  return end === null ? null : (found ?? readDoubleQuoted(text, at));
}

function readDoubleQuoted(text: string, at: number): Literal<string> | null {
  const isQuote = text[at] === '"' ? (character: string) => character === '"' : isDoubleQuote;
  let value = "";
  for (let index = at + 1; index < text.length; index += 1) {
    const next = text[index]!;
    if (isQuote(next)) {
      const after = text[index + 1];
      if (after === undefined || !isQuote(after)) return { value, end: index + 1 };
      value += after;
      index += 1;
    } else {
      const part = expanded(text, index);
      value += part.value;
      index = part.end - 1;
    }
  }
  return null;
}

/** What stands at a place of a text in which escapes and references count: one character, or all that belongs to it. */
function expanded(text: string, at: number): Literal<string> {
  const next = text[at]!;
  if (next === "`") return escaped(text, at);
  if (next !== "$") return { value: next, end: at + 1 };
  const head = text.slice(at, at + 300);
  const reference = environmentReference(head);
  if (reference) return { value: `{{$env:${reference.name}}}`, end: at + reference.length };
  const folder = /^\$(?:\{PSScriptRoot\}|\(\s*\$PSScriptRoot\s*\)|PSScriptRoot(?!\w))/i.exec(head)?.[0];
  if (folder !== undefined) return { value: FOLDER, end: at + folder.length };
  const inner = subexpression(text, at);
  return inner ? { value: inner, end: at + inner.length } : { value: next, end: at + 1 };
}

/** Stands for the folder of the file, until somebody who knows it puts it there. */
export const FOLDER = "{{$PSScriptRoot}}";

function escaped(text: string, at: number): Literal<string> {
  const unicode = /^`u\{([\da-f]{1,6})\}/i.exec(text.slice(at, at + 12));
  const code = Number.parseInt(unicode?.[1] ?? "", 16);
  if (unicode && code <= 0x10_ff_ff) return { value: String.fromCodePoint(code), end: at + unicode[0].length };
  const next = text[at + 1] ?? "";
  if (next === "\r" && text[at + 2] === "\n") return { value: "", end: at + 3 };
  return { value: powerShellEscapes[next] ?? (next === "\n" ? "" : next), end: at + 2 };
}

/** `$env:NAME`, `${env:NAME}`, `$($env:NAME)`. */
export function environmentReference(text: string): { name: string; length: number } | null {
  const found = /^\$\(\s*\$env:(\w+)\s*\)|^\$\{env:([^}]+)\}|^\$env:(\w+)/i.exec(text);
  return found ? { name: found[1] ?? found[2] ?? found[3] ?? "", length: found[0].length } : null;
}

/** A `$( … )` with quotes in it must not end the text around it. */
function subexpression(text: string, at: number): string | null {
  if (text[at + 1] !== "(") return null;
  const end = closing(text, at + 1, "(", ")");
  return end === null ? null : text.slice(at, end);
}

/** `@'⏎ … ⏎'@` and `@"⏎ … ⏎"@`; in the latter escapes are resolved, and references to the environment become templates. */
export function hereString(text: string, at: number): Literal<string> | null {
  const start = /^@['"\u2018-\u201E][ \t]*\r?\n/.exec(text.slice(at, at + 200));
  if (!start) return null;
  const from = at + start[0].length;
  const isSingle = isSingleQuote(text[at + 1]);
  const end = endOfHereString(text, from, isSingle ? isSingleQuote : isDoubleQuote);
  if (end === null) return null;
  const raw = text.slice(from, end.from);
  return { value: isSingle || !/[`$]/.test(raw) ? raw : allExpanded(raw), end: end.to };
}

function allExpanded(raw: string): string {
  let value = "";
  for (let index = 0; index < raw.length;) {
    // Brackets in it are looked for in this text alone, and only once each.
    const part = raw[index] === "$" && raw[index + 1] === "(" && !isReference(raw, index) ? null : expanded(raw, index);
    value += part?.value ?? "$";
    index = part?.end ?? index + 1;
  }
  return value;
}

function isReference(raw: string, at: number): boolean {
  return /^\$\(\s*\$(env:\w+|PSScriptRoot)\s*\)/i.test(raw.slice(at, at + 300));
}

type IsQuote = (character: string | undefined) => boolean;

/** The line that begins with the closing mark: where the line feed before it begins, and where the mark ends. */
function endOfHereString(text: string, from: number, isQuote: IsQuote): { from: number; to: number } | null {
  if (isQuote(text[from]) && text[from + 1] === "@") return { from, to: from + 2 };
  const end = lookOnce(`@${isQuote === isSingleQuote ? "'" : '"'}${from}`, text, () => {
    let at = text.indexOf("\n", from);
    while (at >= 0 && !(isQuote(text[at + 1]) && text[at + 2] === "@")) at = text.indexOf("\n", at + 1);
    looked.stepsLeft -= (at < 0 ? text.length : at) - from;
    return at < 0 ? null : at;
  });
  if (end === null) return null;
  return { from: end > from && text[end - 1] === "\r" ? end - 1 : end, to: end + 3 };
}

const multipliers: Readonly<Record<string, number>> = {
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  tb: 1024 ** 4,
  pb: 1024 ** 5,
};

/** `12`, `-0x1F`, `1.5e3`, `10L`, `4GB`. */
export function numberLiteral(text: string, at: number): Literal<number> | null {
  if (!"+-.0123456789\u2013\u2014\u2015".includes(text[at] ?? " ")) return null;
  const found =
    /^([+\u2013-\u2015-]?)(0x[\da-f]+|0b[01]+|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)(u?[ysldn]?l?)(kb|mb|gb|tb|pb)?(?![\w.])/i.exec(
      text.slice(at, at + 80),
    );
  if (!found) return null;
  const [whole, sign = "", digits = "0", , unit = ""] = found;
  const size = Number(digits) * (multipliers[unit.toLowerCase()] ?? 1);
  return { value: isDash(sign) ? -size : size, end: at + whole.length };
}

const constant = /\$(?:true|false|null)(?!\w|\.\w)/iy;

/** `$true`, `$false`, `$null`. */
export function constantLiteral(text: string, at: number): Literal<boolean | null> | null {
  constant.lastIndex = at;
  if (!constant.test(text)) return null;
  const word = text.slice(at + 1, constant.lastIndex).toLowerCase();
  return { value: word === "null" ? null : word === "true", end: constant.lastIndex };
}

/** The offset after the bracket that closes the one at `at`; texts and comments inside are skipped. */
export function closing(text: string, at: number, open: string, close: string): number | null {
  return lookOnce(`${open}${at}`, text, () => findClosing(text, at, open, close));
}

function findClosing(text: string, at: number, open: string, close: string): number | null {
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    looked.stepsLeft -= 1;
    if (looked.stepsLeft < 0) return null;
    const next = text[index]!;
    const skip = skipped(text, index);
    if (skip !== null) {
      index = skip - 1;
      continue;
    }
    if (next === "`") index += 1;
    else if (next === open) depth += 1;
    else if (next === close) {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return null;
}

function skipped(text: string, at: number): number | null {
  const next = text[at];
  if (next === "@") {
    const quote = text[at + 1];
    return isSingleQuote(quote) || isDoubleQuote(quote) ? (hereString(text, at)?.end ?? null) : null;
  }
  if (isSingleQuote(next)) return singleQuoted(text, at)?.end ?? null;
  if (isDoubleQuote(next)) return doubleQuoted(text, at)?.end ?? null;
  // Within a word of code (`a#b`, `%h#x`) it is a part of that.
  return next === "#" && /[^\s;(){},|]/.test(text[at - 1] ?? " ") ? null : commentEnd(text, at);
}

/** The end of a comment that starts here; null when none does. */
export function commentEnd(text: string, at: number): number | null {
  if (text.startsWith("<#", at)) {
    const end = text.indexOf("#>", at + 2);
    return end < 0 ? text.length : end + 2;
  }
  if (text[at] !== "#") return null;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** Neither a command (`Get-Date`) nor a word of the language. */
export function isBareText(rest: string): boolean {
  return (
    /^[a-z][\w.-]*[;,)}]?$/i.test(rest) &&
    !/^([A-Z]\w*-[A-Z]|(if|return|using|param|function|foreach|for|switch|throw)\b)/.test(rest)
  );
}
