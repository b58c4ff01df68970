/**
 * The forms in which a secret's value is looked for: as it is, and as what common tools make of it. No form holds a line
 * feed: a value of many lines is looked for line by line, so masked text has the lines of the text it was made from.
 */

/** Shorter values are found everywhere: masking them would hide nothing and spoil all. */
export const VALUE_BYTES_MIN = 3;
/** A shorter line of a longer value, or a shorter piece of an encoded one, says next to nothing. */
const PIECE_BYTES_MIN = 4;
/** A longer value is looked for line by line only, not encoded: the forms are many times its length. */
const ENCODED_BYTES_MAX = 32 * 1024;
/** Of a longer one that a script named there are only the forms in which a long value is likely to be printed. */
const NAMED_BYTES_MAX = 1024;
/** Where `base64` and `openssl` begin a new line. */
const WRAPS = [76, 64];

/** Whether there is anything to look for. */
export function isLongEnough(value: string): boolean {
  return Buffer.byteLength(value.trim()) >= VALUE_BYTES_MIN;
}

/** All forms of a value, as bytes; none when it is too short. */
export function formsOf(value: string): Buffer[] {
  if (!isLongEnough(value)) return [];
  const { whole, trimmed, plain } = textsOf(value);
  const found = new Set(plain);
  if (Buffer.byteLength(trimmed) <= ENCODED_BYTES_MAX) {
    for (const text of new Set([whole, trimmed, ...plain])) for (const form of escaped(text)) found.add(form);
    for (const text of new Set([whole, trimmed])) for (const form of encoded(Buffer.from(text))) found.add(form);
  }
  return [...found].map((form) => Buffer.from(form));
}

/** The same of a value that a script named: there may be many, and they come one by one. */
export function namedFormsOf(value: string): Buffer[] {
  if (Buffer.byteLength(value) <= NAMED_BYTES_MAX) return formsOf(value);
  const { whole, trimmed, plain } = textsOf(value);
  const found = new Set(plain);
  for (const text of new Set([whole, trimmed, ...plain])) for (const form of pieces(text, json(text))) found.add(form);
  for (const text of new Set([whole, trimmed])) {
    for (const form of base64(Buffer.from(text))) if (isPiece(form)) found.add(form);
  }
  return [...found].map((form) => Buffer.from(form));
}

function textsOf(value: string): { readonly whole: string; readonly trimmed: string; readonly plain: string[] } {
  // As it will stand in a file: half a character is no text.
  const whole = Buffer.from(value).toString("utf8");
  const trimmed = whole.trim();
  const lines = trimmed.split(/[\r\n]+/).map((line) => line.trim());
  return { whole, trimmed, plain: lines.length === 1 ? lines : lines.filter(isPiece) };
}

function isPiece(text: string): boolean {
  return Buffer.byteLength(text) >= PIECE_BYTES_MIN;
}

/** Forms in which most characters stay what they are; in lines, like the value itself. */
function escaped(text: string): Generator<string> {
  return pieces(text, [...json(text), ...uri(text), ...command(text), ...shell(text), ...markup(text)]);
}

function* pieces(text: string, forms: Iterable<string>): Generator<string> {
  for (const form of forms) {
    if (form === text) continue;
    for (const line of form.split(/[\r\n]+/)) if (isPiece(line.trim())) yield line.trim();
  }
}

function* json(text: string): Generator<string> {
  const inner = JSON.stringify(text).slice(1, -1);
  yield inner;
  yield inner.replaceAll("/", String.raw`\/`);
  const ascii = inner.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  yield ascii;
  yield ascii.replaceAll(/\\u[0-9a-f]{4}/g, (unit) => `\\u${unit.slice(2).toUpperCase()}`);
  // A document within a document.
  yield JSON.stringify(inner).slice(1, -1);
}

function* uri(text: string): Generator<string> {
  const component = encodeURIComponent(text);
  const strict = component.replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  for (const form of [component, strict, encodeURI(text)]) {
    for (const spaced of [form, form.replaceAll("%20", "+")]) {
      yield spaced;
      yield spaced.replaceAll(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase());
    }
  }
}

/** As workflow commands have it (`::error title=…::…`), in their text and in their parameters. */
function* command(text: string): Generator<string> {
  const data = text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  yield data;
  yield data.replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** As `set -x`, `printf %q`, `declare -p` and PowerShell print them. */
function* shell(text: string): Generator<string> {
  yield text.replaceAll("'", String.raw`'\''`);
  yield text.replaceAll("'", `'"'"'`);
  yield text.replaceAll("'", "''");
  yield text.replaceAll(/["$`\\]/g, String.raw`\$&`);
  yield text.replaceAll(/["$`]/g, "`$&");
  yield text.replaceAll(/[^\w@%+=:,./-]/g, String.raw`\$&`);
  yield text
    .replaceAll(/['\\]/g, String.raw`\$&`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll("\t", String.raw`\t`);
}

function* markup(text: string): Generator<string> {
  const base = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  yield base;
  yield base.replaceAll('"', "&quot;");
  for (const apostrophe of ["&#39;", "&apos;", "&#x27;"]) {
    yield base.replaceAll("'", apostrophe);
    yield base.replaceAll('"', "&quot;").replaceAll("'", apostrophe);
  }
}

/** Forms that show nothing of the value. */
function* encoded(bytes: Buffer): Generator<string> {
  const hex = bytes.toString("hex");
  yield hex;
  yield hex.toUpperCase();
  for (const form of base64(bytes)) {
    if (form.length < PIECE_BYTES_MIN) continue;
    yield form;
    yield form.replaceAll("+", "-").replaceAll("/", "_");
  }
}

/** Base64 of the value wherever it begins in what is encoded: at the first, second or third byte of a group. */
function* base64(bytes: Buffer): Generator<string> {
  const alone = bytes.toString("base64");
  yield alone;
  for (const wrap of WRAPS) {
    if (alone.length <= wrap) continue;
    for (let at = 0; at < alone.length; at += wrap) yield alone.slice(at, at + wrap);
  }
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // Characters that also hold bits of what stands before or behind are not the value's own.
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    yield text.slice(first, last);
  }
}
