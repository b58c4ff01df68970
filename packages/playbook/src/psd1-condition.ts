/** Conditions among PowerShell's data, such as `$env:CI -eq 'true'`: where they are, and where they end. */
import { commentEnd, doubleQuoted, isDash, isDoubleQuote, isSingleQuote, singleQuoted } from "./psd1-text.ts";

const comparison =
  /^[-\u2013-\u2015](?:[ci]?(?:eq|ne|gt|ge|lt|le|in|notin|contains|notcontains|like|notlike|match|notmatch)|and|or|xor)(?![\w-])/i;

export function isComparison(text: string, at: number): boolean {
  return isDash(text[at]) && comparison.test(text.slice(at, at + 20));
}

/** `!` and `-not` */
export function isNegation(text: string, at: number): boolean {
  return text[at] === "!" || (isDash(text[at]) && /^.not(?![\w-])/i.test(text.slice(at, at + 6)));
}

/** Behind a condition that begins here: at the end of its line, a `;`, a comment, or the bracket around it. */
export function endOfCondition(text: string, from: number): number {
  let at = from;
  let depth = 0;
  while (at < text.length) {
    const next = text[at]!;
    const isComment = next === "#" && /\s/.test(text[at - 1] ?? "");
    if (depth === 0 && (/[;})]/.test(next) || isComment || (/[\r\n]/.test(next) && !goesOn(text, at)))) return at;
    if (next === "(") depth += 1;
    if (next === ")") depth -= 1;
    const literal = isSingleQuote(next) ? singleQuoted(text, at) : null;
    const quoted = isDoubleQuote(next) ? doubleQuoted(text, at) : literal;
    at = (isComment ? commentEnd(text, at) : quoted?.end) ?? at + 1;
  }
  return at;
}

/** Whether a line that ends here waits for the next one: behind an operator, a comma or a backtick. */
function goesOn(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at).trimEnd();
  if (/[,`(!]$/.test(before)) return true;
  const dash = /[-\u2013-\u2015][a-z]+$/i.exec(before);
  // `$y-eq` is a comparison, `-1` a number and `-Thing` a word.
  return dash !== null && (isComparison(before, dash.index) || isNegation(before, dash.index));
}
