/** Reading of PowerShell's literals: texts and numbers. Offsets are into the whole text. */
export type Literal<T> = { readonly value: T; readonly end: number };

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\u0007",
  b: "\b",
  e: "\u001B",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

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

/** `'it''s'`; null when it has no end. */
export function singleQuoted(text: string, at: number): Literal<string> | null {
  let value = "";
  for (let from = at + 1, end = text.indexOf("'", from); end >= 0; end = text.indexOf("'", from)) {
    value += text.slice(from, end);
    if (text[end + 1] !== "'") return { value, end: end + 1 };
    value += "'";
    from = end + 2;
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
  let value = "";
  for (let index = at + 1; index < text.length; index += 1) {
    const next = text[index]!;
    if (next === '"') {
      if (text[index + 1] !== '"') return { value, end: index + 1 };
      value += '"';
      index += 1;
    } else if (next === "`") {
      index += 1;
      const escaped = text[index] ?? "";
      value += escapes[escaped] ?? (escaped === "\n" ? "" : escaped);
    } else if (next === "$") {
      const reference = environmentReference(text.slice(index, index + 300));
      const inner = reference ? null : subexpression(text, index);
      if (reference) {
        value += `{{$env:${reference.name}}}`;
        index += reference.length - 1;
      } else if (inner) {
        value += inner;
        index += inner.length - 1;
      } else value += next;
    } else value += next;
  }
  return null;
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

/** `@'⏎ … ⏎'@` and `@"⏎ … ⏎"@`; in the double-quoted form environment references become templates. */
export function hereString(text: string, at: number): Literal<string> | null {
  const quote = text[at + 1]!;
  const start = /^@['"][ \t]*\r?\n/.exec(text.slice(at, at + 200));
  if (!start) return null;
  const from = at + start[0].length;
  const end = endOfHereString(text, from, quote);
  if (end === null) return null;
  const raw = text.slice(from, end.from);
  const value =
    quote === "'"
      ? raw
      : raw.replaceAll(/\$\(\s*\$env:(\w+)\s*\)|\$env:(\w+)/gi, (_, a?: string, b?: string) => `{{$env:${a ?? b}}}`);
  return { value, end: end.to };
}

/** The line that begins with the closing mark: where the line feed before it begins, and where the mark ends. */
function endOfHereString(text: string, from: number, quote: string): { from: number; to: number } | null {
  if (text.startsWith(`${quote}@`, from)) return { from, to: from + 2 };
  const end = lookOnce(`@${quote}${from}`, text, () => {
    const at = text.indexOf(`\n${quote}@`, from);
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
  const found =
    /^([+-]?)(0x[\da-f]+|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)(u?[ysldn]?l?)(kb|mb|gb|tb|pb)?(?![\w.])/i.exec(
      text.slice(at, at + 80),
    );
  if (!found) return null;
  const [whole, sign = "", digits = "0", , unit = ""] = found;
  const size = Number(digits) * (multipliers[unit.toLowerCase()] ?? 1);
  return { value: sign === "-" ? -size : size, end: at + whole.length };
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
  if (text[at] === "@" && (text[at + 1] === "'" || text[at + 1] === '"')) {
    return hereString(text, at)?.end ?? null;
  }
  if (text[at] === "'") return singleQuoted(text, at)?.end ?? null;
  if (text[at] === '"') return doubleQuoted(text, at)?.end ?? null;
  return commentEnd(text, at);
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
