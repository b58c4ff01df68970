import type { Finding, Place } from "./finding.ts";

/** What people write in YAML and YAML reads otherwise than they mean it. */

/** `if: ! failure()`: to YAML the `!` is a tag, and what is left would mean the opposite. */
export function lostNegations(text: string): Finding[] {
  if (!/:[ \t]+![ \t]/.test(text)) return [];
  return plainLines(text).flatMap(({ line, number }): Finding[] => {
    const found = inBlock.exec(line) ?? inFlow.exec(line);
    if (found === null) return [];
    const col = found[1]!.length + 1;
    return [
      {
        severity: "error",
        code: "lost-negation",
        message: "to YAML this `!` is a tag and no part of the value, which would mean the opposite",
        fix: `put the value in quotes: "${line.slice(col - 1).trim()}"`,
        path: [],
        at: { line: number, col, endLine: number, endCol: col + 1 },
      },
    ];
  });
}

const inBlock = /^(\s*(?:-\s+)*["']?[\w-]+["']?:[ \t]+)![ \t]+\S/;
const inFlow = /^(.*[{,]\s*(?:if|condition|when):[ \t]+)![ \t]+\S/i;

/** Lines that are in no block of text (`|`, `>`). */
function plainLines(text: string): { readonly line: string; readonly number: number }[] {
  let block: number | null = null;
  return text.split(/\r\n?|\n/).flatMap((line, index) => {
    const indent = line.search(/\S/);
    if (indent < 0) return [];
    if (block !== null && indent > block) return [];
    block = /(^|[\s:-])[|>][+-]?\d*[+-]?\s*(#.*)?$/.test(line) ? indent : null;
    return [{ line, number: index + 1 }];
  });
}

/** A mistake of syntax with its mend, and its place where the parser has none. */
export function explained(
  text: string,
  reason: string,
  at: Place,
): { readonly at: Place; readonly fix: string | null } {
  const lines = text.split(/\r\n?|\n/);
  const whole = (index: number): Place => ({ line: index + 1, col: 1, endLine: index + 1, endCol: 2 });
  if (/single document/.test(reason)) {
    const second = lines.findIndex(
      (line, index) => index > 0 && /^---(\s|$)/.test(line) && lines.slice(0, index).some(holdsValue),
    );
    return { at: second < 0 ? at : whole(second), fix: "keep one playbook a file" };
  }
  if (/complex keys/.test(reason)) {
    const index = lines.findIndex((line) => /(:|-)\s+\{\{/.test(line));
    if (index >= 0)
      return {
        at: { ...whole(index), col: lines[index]!.indexOf("{{") + 1, endCol: lines[index]!.indexOf("{{") + 3 },
        fix: quotes,
      };
  }
  const here = lines[at.line - 1] ?? "";
  const isPlain =
    /\btag\b|\balias\b/.test(reason) ||
    (/indentation of a mapping/.test(reason) && /:\s+([{@`%*&!]|[^'"]*:\s)/.test(here));
  return { at, fix: isPlain ? quotes : null };
}

const quotes = "put the value in quotes";

/** Neither blank nor a comment nor a mark of the document. */
function holdsValue(line: string): boolean {
  return !/^\s*(#|$)|^(---|%|\.\.\.)/.test(line);
}
