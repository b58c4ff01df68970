import { cut } from "./cut.ts";
import { isLegacyCondition } from "./legacy.ts";

/**
 * One condition that holds when both do. Putting `&&` between two texts would not do: where one of them is written as
 * `${{ … }}`, what stands around that makes the whole a text, which is always true; and upstream's forms have no place
 * in GitHub's language, though an expression of GitHub's has one in them. One without a word always holds.
 */
export function conjunction(first: string, second: string): string {
  if (first.trim() === "") return second;
  if (second.trim() === "") return first;
  if (isLegacyCondition(first) || isLegacyCondition(second)) {
    return `${legacyOperand(first)} -and ${legacyOperand(second)}`;
  }
  return `${operand(first)} && ${operand(second)}`;
}

function legacyOperand(text: string): string {
  if (isCall(text)) return text;
  return isLegacyCondition(text) ? `(${text})` : `(\${{ ${expressionOf(text)} }})`;
}

function operand(text: string): string {
  const expression = expressionOf(text);
  return isCall(expression) ? expression : `(${expression})`;
}

/** `success()` and its like read the same in both languages, and need no brackets. */
function isCall(text: string): boolean {
  return /^!?[a-z]+\(\)$/i.test(text);
}

/** What stands in `${{ }}`. A text with such in it is true unless it is empty: GitHub's rule, kept as it is. */
function expressionOf(text: string): string {
  const pieces = cut(text.trim());
  const [only] = pieces;
  if (only?.is === "expression" && pieces.length === 1) return only.text;
  if (pieces.every(({ is }) => is === "text")) return text;
  const values = pieces.map((piece) => (piece.is === "expression" ? piece.text : quoted(piece.text)));
  return `format('${values.map((_, index) => `{${index}}`).join("")}', ${values.join(", ")}) != ''`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
