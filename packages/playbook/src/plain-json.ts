import { type Place, placeAt } from "./finding.ts";

/**
 * JSON as PowerShell's own reader takes it, made into JSON: comments and commas before a closing bracket become blanks,
 * so that everything else stays where it is. `first` is where the first of them stood; null when there is none.
 */
export function plainJson(text: string): { readonly text: string; readonly first: Place | null } {
  const gone: { readonly from: number; readonly to: number }[] = [];
  /** A comma behind which nothing but blanks and comments came so far. */
  let comma: number | null = null;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    if (/^\/[/*]/.test(token)) gone.push({ from: index, to: index + token.length });
    else if (token === ",") comma = index;
    else if (token.trim() !== "") {
      if (comma !== null && /^[}\]]$/.test(token)) gone.push({ from: comma, to: comma + 1 });
      comma = null;
    }
  }
  if (gone.length === 0) return { text, first: null };
  gone.sort((a, b) => a.from - b.from);
  const pieces: string[] = [];
  let at = 0;
  for (const { from, to } of gone) {
    pieces.push(text.slice(at, from), text.slice(from, to).replaceAll(/[^\r\n]/g, " "));
    at = to;
  }
  pieces.push(text.slice(at));
  return { text: pieces.join(""), first: placeAt(text, gone[0]!.from, gone[0]!.to - gone[0]!.from) };
}

/** Texts, comments (also one without an end), blanks, and whatever else, a piece at a time. */
const tokens = /"(?:[^"\\\r\n]|\\.)*"?|\/\/[^\r\n]*|\/\*(?:[\s\S]*?\*\/|[\s\S]*)|\s+|[^\s",/}\]]+|[\s\S]/g;
