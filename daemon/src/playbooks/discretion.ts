/**
 * Errors quote what they are about, which helps whoever wrote it. Any path may be given as that of a playbook, though, and
 * a file that lies outside of the folders for playbooks and is none may be anything: of that only the place is told.
 */
import { realpathSync } from "node:fs";
import { sep } from "node:path";
import type { ReadPlaybook } from "@aither/playbook";

type Finding = Extract<ReadPlaybook, { ok: false }>["findings"][number];

/** Whether the file itself, wherever a link leads to, is in one of the folders. */
export function liesIn(folders: readonly string[], path: string): boolean {
  const real = realOf(path);
  return real !== null && folders.some((folder) => real.startsWith(`${realOf(folder) ?? folder}${sep}`));
}

/** The same, without a word of the file where it is no playbook. */
export function discreet(read: ReadPlaybook): ReadPlaybook {
  return read.ok ? read : { ...read, findings: read.findings.map(withoutQuote) };
}

function withoutQuote(finding: Finding): Finding {
  if (finding.code === "not-a-playbook") return { ...finding, message: "this is no playbook" };
  if (!finding.code.endsWith("-syntax")) return finding;
  // `this is no YAML: …`. A reason without a quotation mark of any kind is ours alone.
  const [head = "", ...reason] = finding.message.split(": ");
  return /["'`<]/.test(reason.join(": ")) ? { ...finding, message: head } : finding;
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
