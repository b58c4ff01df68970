/** A text cut into plain parts and templates. `source` is the template as written, `text` what is inside. */
export type Piece =
  | { readonly is: "text"; readonly text: string }
  /** `${{ … }}` */
  | { readonly is: "expression"; readonly source: string; readonly text: string }
  /** `{{ … }}` */
  | { readonly is: "brace"; readonly source: string; readonly text: string };

/** True when a text may hold a template of either kind. */
export function hasTemplate(text: string): boolean {
  return text.includes("{{");
}

/** Cuts a text at its templates. A `}}` inside a quoted literal of `${{ }}` does not close; an unclosed template is plain text. */
export function cut(text: string): Piece[] {
  const pieces: Piece[] = [];
  let plainFrom = 0;
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    if (open < 0) break;
    const isExpression = open > plainFrom && text[open - 1] === "$";
    const close = isExpression ? closeOfExpression(text, open + 2) : closeOfBrace(text, open + 2);
    if (close < 0) {
      at = open + 2;
      continue;
    }
    const from = isExpression ? open - 1 : open;
    if (from > plainFrom) pieces.push({ is: "text", text: text.slice(plainFrom, from) });
    pieces.push({
      is: isExpression ? "expression" : "brace",
      source: text.slice(from, close + 2),
      text: text.slice(open + 2, close).trim(),
    });
    plainFrom = at = close + 2;
  }
  if (plainFrom < text.length) pieces.push({ is: "text", text: text.slice(plainFrom) });
  return pieces;
}

function closeOfExpression(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "'") quoted = !quoted;
    else if (!quoted && text.startsWith("}}", at)) return at;
  }
  return -1;
}

function closeOfBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith("{{", at)) {
      depth += 1;
      at += 1;
    } else if (text.startsWith("}}", at)) {
      depth -= 1;
      if (depth === 0) return at;
      at += 1;
    }
  }
  return -1;
}
