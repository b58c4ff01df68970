// Reads TypeScript just far enough to tell code from comments and literals, so that a rule about code is never
// fooled by a sentence about it. There is no parser for it that works with the native compiler.

/** The code without comments; each string literal stands as `"§n"`, where n is its place in `strings`. */
export type Masked = { readonly code: string; readonly strings: readonly string[] };

type Cursor = { readonly text: string; at: number; code: string; readonly strings: string[] };

export function mask(text: string): Masked {
  const cursor: Cursor = { text, at: 0, code: "", strings: [] };
  readCode(cursor, false);
  return { code: cursor.code, strings: cursor.strings };
}

/** Reads code to its end, or to the brace that closes a template's `${`. */
function readCode(cursor: Cursor, insideTemplate: boolean): void {
  let depth = 0;
  while (cursor.at < cursor.text.length) {
    const here = cursor.text[cursor.at] ?? "";
    if (insideTemplate && here === "}" && depth === 0) return;
    if (here === "{") depth += 1;
    if (here === "}") depth -= 1;
    if (skipComment(cursor)) continue;
    if (here === '"' || here === "'") readString(cursor, here);
    else if (here === "`") readTemplate(cursor);
    else if (here === "/" && startsRegularExpression(cursor.code)) skipRegularExpression(cursor);
    else {
      cursor.code += here;
      cursor.at += 1;
    }
  }
}

function skipComment(cursor: Cursor): boolean {
  const two = cursor.text.slice(cursor.at, cursor.at + 2);
  const hashbang = cursor.at === 0 && two === "#!";
  if (two !== "//" && two !== "/*" && !hashbang) return false;
  const end = two === "/*" ? cursor.text.indexOf("*/", cursor.at + 2) + 2 : cursor.text.indexOf("\n", cursor.at);
  const stop = end <= 1 ? cursor.text.length : end;
  // Line breaks stay, so that line numbers stay true.
  cursor.code += cursor.text.slice(cursor.at, stop).replaceAll(/[^\n]/g, " ");
  cursor.at = stop;
  return true;
}

function readString(cursor: Cursor, quote: string): void {
  let end = cursor.at + 1;
  while (end < cursor.text.length && cursor.text[end] !== quote && cursor.text[end] !== "\n") {
    end += cursor.text[end] === "\\" ? 2 : 1;
  }
  cursor.code += `"§${cursor.strings.push(cursor.text.slice(cursor.at + 1, end)) - 1}"`;
  cursor.at = end + 1;
}

function readTemplate(cursor: Cursor): void {
  cursor.code += "`";
  cursor.at += 1;
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== "`") {
    if (cursor.text[cursor.at] === "\\") cursor.at += 2;
    else if (cursor.text.startsWith("${", cursor.at)) {
      cursor.code += "${";
      cursor.at += 2;
      readCode(cursor, true);
      cursor.code += "}";
      cursor.at += 1;
    } else {
      if (cursor.text[cursor.at] === "\n") cursor.code += "\n";
      cursor.at += 1;
    }
  }
  cursor.code += "`";
  cursor.at += 1;
}

/** A slash divides after a value and begins a regular expression anywhere else. */
function startsRegularExpression(before: string): boolean {
  const trimmed = before.trimEnd();
  if (trimmed === "") return true;
  if (/\b(return|typeof|case|in|of|delete|void|throw|await|yield)$/.test(trimmed)) return true;
  return /[(,=:[!&|?{};+\-*%<>~^]$/.test(trimmed);
}

function skipRegularExpression(cursor: Cursor): void {
  let inClass = false;
  let end = cursor.at + 1;
  for (; end < cursor.text.length && cursor.text[end] !== "\n"; end += 1) {
    const here = cursor.text[end];
    if (here === "\\") end += 1;
    else if (here === "[") inClass = true;
    else if (here === "]") inClass = false;
    else if (here === "/" && !inClass) break;
  }
  cursor.code += "/§/";
  cursor.at = end + 1;
}
