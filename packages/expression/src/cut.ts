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
  return [...pieces(text)];
}

/** The same, one after the other: whoever wants the first only does not pay for the rest. */
export function* pieces(text: string): Generator<Piece, void, undefined> {
  const closes = new Closes(text);
  let plainFrom = 0;
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    if (open < 0) break;
    const isExpression = open > plainFrom && text[open - 1] === "$";
    const close = isExpression ? closes.ofExpression(open + 2) : closes.ofBrace(open);
    if (close < 0) {
      at = open + 2;
      continue;
    }
    const from = isExpression ? open - 1 : open;
    if (from > plainFrom) yield { is: "text", text: text.slice(plainFrom, from) };
    yield {
      is: isExpression ? "expression" : "brace",
      source: text.slice(from, close + 2),
      text: text.slice(open + 2, close).trim(),
    };
    plainFrom = at = close + 2;
  }
  if (plainFrom < text.length) yield { is: "text", text: text.slice(plainFrom) };
}

/**
 * Where templates end. A search that comes to the end of the text in vain is made once: what it saw on its way answers
 * for all templates behind, so that a text of nothing but `{{` takes no longer than any other.
 */
class Closes {
  readonly #text: string;
  /** Null until a search was in vain; then the closed templates behind it, and no others are closed. */
  #braces: Map<number, number> | null = null;
  #quotes: { readonly before: Uint8Array; readonly closing: readonly [Int32Array, Int32Array] } | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  ofBrace(open: number): number {
    if (this.#braces !== null) return this.#braces.get(open) ?? -1;
    const opened = [open];
    const closed = new Map<number, number>();
    for (let at = open + 2; at < this.#text.length; at += 1) {
      if (this.#text.startsWith("{{", at)) {
        opened.push(at);
        at += 1;
      } else if (this.#text.startsWith("}}", at)) {
        closed.set(opened.pop()!, at);
        if (opened.length === 0) return at;
        at += 1;
      }
    }
    this.#braces = closed;
    return -1;
  }

  ofExpression(from: number): number {
    if (this.#quotes === null) {
      let quoted = false;
      for (let at = from; at < this.#text.length; at += 1) {
        if (this.#text[at] === "'") quoted = !quoted;
        else if (!quoted && this.#text.startsWith("}}", at)) return at;
      }
      this.#quotes = closesByQuotes(this.#text);
    }
    const { before, closing } = this.#quotes;
    return closing[before[from] === 1 ? 1 : 0][from] ?? -1;
  }
}

/** For each place whether the quotes before it are odd; and where, behind it, the next `}}` after even or odd quotes is. */
function closesByQuotes(text: string): {
  readonly before: Uint8Array;
  readonly closing: readonly [Int32Array, Int32Array];
} {
  const before = new Uint8Array(text.length + 1);
  for (let at = 0; at < text.length; at += 1) before[at + 1] = text[at] === "'" ? 1 - before[at]! : before[at]!;
  const closing = [new Int32Array(text.length + 1).fill(-1), new Int32Array(text.length + 1).fill(-1)] as const;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    closing[0][at] = closing[0][at + 1]!;
    closing[1][at] = closing[1][at + 1]!;
    if (text.startsWith("}}", at)) closing[before[at] === 1 ? 1 : 0][at] = at;
  }
  return { before, closing };
}
