import { AitherError } from "@aither/client/node";
import { problem, problemKey, problems, type Diagnostic, type Problem } from "@aither/protocol";
import { exit } from "./exit.ts";
import type { Io } from "./io.ts";

/** Says what is wrong, where, and what to do; gives the exit code. With `json` the problem document goes to stderr. */
export function tellError(
  io: Pick<Io, "say" | "talkTheme">,
  error: unknown,
  options: { readonly json: boolean },
): number {
  const told = error instanceof AitherError ? error.problem : bug(error);
  if (options.json) io.say(JSON.stringify(told));
  else for (const line of problemLines(told, io.talkTheme)) io.say(line);
  return problems[problemKey(told.code)]?.exit ?? exit.bug;
}

export function problemLines(told: Problem, theme: Io["talkTheme"]): string[] {
  const lines = [`${theme.bad("aither:")} ${told.detail}`];
  for (const one of told.diagnostics ?? []) {
    const text = diagnosticLine(one, theme);
    // The first finding is often the detail itself.
    if (!told.detail.includes(one.message)) lines.push(text);
    if (one.fix !== null && one.fix !== told.hint) lines.push(`  ${theme.dim(one.fix)}`);
  }
  if (told.candidates && told.candidates.length > 0) lines.push(...told.candidates.map((one) => `  ${one}`));
  if (told.hint) lines.push(`  ${told.hint}`);
  return lines;
}

/** `file:line:col: error: message` */
export function diagnosticLine({ file, line, col, severity, message }: Diagnostic, theme: Io["talkTheme"]): string {
  const place = [file, line, col].filter((part) => part !== null).join(":");
  const paint = severity === "error" ? theme.bad : theme.warn;
  return `${place && `${place}: `}${paint(severity)}: ${message}`;
}

function bug(error: unknown): Problem {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const first = error instanceof Error ? error.message : String(error);
  try {
    const { mkdtempSync, writeFileSync } = process.getBuiltinModule("node:fs");
    const { tmpdir } = process.getBuiltinModule("node:os");
    const file = `${mkdtempSync(`${tmpdir()}/aither-bug-`)}/report.txt`;
    // No environment and no arguments: people paste reports.
    writeFileSync(file, `aither, Node ${process.version}, ${process.platform}\n${text}\n`, { mode: 0o600 });
    return problem("INTERNAL", `this is a bug of ours: ${first}`, { hint: `please report it, with ${file}` });
  } catch {
    return problem("INTERNAL", `this is a bug of ours: ${first}`, { hint: text });
  }
}
