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
  const text = source === null || line === null ? undefined : source.split(/\r?\n/)[line - 1];
  if (text === undefined || line === null || col === null) return [];
  const shown = text.slice(0, LINE_LENGTH_MAX).replaceAll("\t", " ");
  const gutter = String(line).length;
  const until = endLine === line && endCol !== null && endCol > col ? endCol : shown.length + 1;
  const length = Math.max(1, Math.min(until, LINE_LENGTH_MAX + 1) - col);
  const squiggle = " ".repeat(Math.min(col - 1, LINE_LENGTH_MAX)) + paint(severity, "~".repeat(length));
  return [`  ${line} | ${shown}`, `  ${" ".repeat(gutter)} | ${squiggle}`];
}
