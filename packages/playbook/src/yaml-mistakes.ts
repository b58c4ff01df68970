import { EVENT_ID, parseEvents } from "js-yaml";
import { type Finding, type Place, placeAt } from "./finding.ts";

/** What people write in YAML and YAML reads otherwise than they mean it. */

/** `if: ! failure()`: to YAML the `!` is a tag, and what is left would mean the opposite. */
export function lostNegations(text: string): Finding[] {
  // Few texts have such a mark at all; where it stands in a comment or in quotes, only the parser knows.
  if (!/(?:^|[\s,[{])![\s]/.test(text)) return [];
  return parseEvents(text, {}).flatMap((event): Finding[] => {
    if (event.type !== EVENT_ID.SCALAR || text.slice(event.tagStart, event.tagEnd) !== "!") return [];
    return [
      {
        severity: "error",
        code: "lost-negation",
        message: "to YAML this `!` is a tag and no part of the value, which would mean the opposite",
        fix: `put the value in quotes: "! ${text.slice(event.valueStart, event.valueEnd)}"`,
        path: [],
        at: placeAt(text, event.tagStart, 1),
      },
    ];
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
