import type { Diagnostic } from "@aither/protocol";

/** How the parts of a diagnostic are marked: colours in a terminal, nothing in a pipe. */
export type Paint = (part: "error" | "warning" | "info" | "place" | "fix", text: string) => string;

const plain: Paint = (_part, text) => text;

/**
 * A diagnostic as a compiler prints it: what is wrong and where, the line with a squiggle under the place, and the mend.
 *
 *     playbooks/x.yaml:4:14: error[wrong-type]: `timeout` must be a number of at least 0
 *       4 |     timeout: soon
 *         |              ~~~~
 *       = write a number of at least 0
 */
export function printDiagnostic(diagnostic: Diagnostic, source: string | null, paint: Paint = plain): string[] {
  const { severity, code, message, fix } = diagnostic;
  const lines = [`${paint("place", placeText(diagnostic))}${paint(severity, `${severity}[${code}]:`)} ${message}`];
  lines.push(...excerpt(diagnostic, source, paint));
  if (fix !== null) lines.push(`  = ${paint("fix", fix)}`);
  return lines;
}

function placeText({ file, line, col }: Diagnostic): string {
  const place = [file, line, line === null ? null : col].filter((part) => part !== null).join(":");
  return place === "" ? "" : `${place}: `;
}

const LINE_LENGTH_MAX = 160;

function excerpt({ line, col, endLine, endCol, severity }: Diagnostic, source: string | null, paint: Paint): string[] {
  const text = source === null || line === null ? undefined : source.replace(/^\uFEFF/, "").split(/\r?\n/)[line - 1];
  if (text === undefined || line === null || col === null) return [];
  const shown = text.slice(0, LINE_LENGTH_MAX).replaceAll("\t", " ");
  const gutter = String(line).length;
  const until = endLine === line && endCol !== null && endCol > col ? endCol : shown.length + 1;
  const length = Math.max(1, Math.min(until, LINE_LENGTH_MAX + 1) - col);
  const [before, marked] = [shown.slice(0, col - 1), shown.slice(col - 1, col - 1 + length)];
  const squiggle = " ".repeat(widthOf(before)) + paint(severity, "~".repeat(Math.max(1, widthOf(marked))));
  return [`  ${line} | ${shown}`, `  ${" ".repeat(gutter)} | ${squiggle}`];
}

/** What takes two columns of a terminal, and what takes none. */
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]/u;
const none = /\p{Mark}|[\u200B-\u200D]/u;

function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += wide.test(letter) ? 2 : none.test(letter) ? 0 : 1;
  return width;
}
