/** Columns of a text in a terminal: escape codes take none, most East Asian letters and emoji two. */
export function width(text: string): number {
  const bare = text.includes("\u001b") ? text.replace(sgr, "") : text;
  if (/^[\u0020-\u007e]*$/.test(bare)) return bare.length;
  let columns = 0;
  for (const char of bare) columns += columnsOf(char.codePointAt(0) ?? 0);
  return columns;
}

/** Cuts a text without escape codes to so many columns; `…` says that something is missing. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = "";
  let used = 1;
  for (const char of text) {
    used += columnsOf(char.codePointAt(0) ?? 0);
    if (used > columns) break;
    kept += char;
  }
  return `${kept}…`;
}

const sgr = /\u001b\[[0-9;:]*m/g;

function columnsOf(code: number): number {
  if (code < 0x300) return code < 32 || (code >= 0x7f && code < 0xa0) ? 0 : 1;
  if ((code >= 0x300 && code <= 0x36f) || code === 0x200b || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f))
    return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}
