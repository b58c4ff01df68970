/** What whoever starts a playbook is told of it: slips that forbid nothing, and that nobody would notice in the run. */
import { type Finding, pathText, pointAt, type ReadPlaybook } from "@aither/playbook";
import type { Diagnostic, NotEnforced } from "@aither/protocol";
import { isUnknownKey, likelySlips, pathOf } from "./schema-check.ts";

type Read = Extract<ReadPlaybook, { ok: true }>;

/** Warnings of reading, and keys that mean nothing, of every playbook that takes part. */
export async function readWarnings(reads: readonly Read[]): Promise<Diagnostic[]> {
  const all: Diagnostic[] = [];
  for (const read of reads) {
    const own = read.findings.filter(({ severity }) => severity === "warning");
    all.push(...(await pointAt([...own, ...(await unknownKeys(read))], read.source)));
  }
  return all;
}

/** Most playbooks have none, and then nothing is loaded that knows all the keys there are. */
async function unknownKeys(read: Read): Promise<Finding[]> {
  const unknown = read.notEnforced.filter(isUnknownKey);
  if (unknown.length === 0) return [];
  const likely = await likelySlips(read);
  const said = new Set(likely.map(({ path }) => pathText(path)));
  const rest = unknown.filter(({ where }) => !said.has(where));
  return [...likely, ...rest.map(({ what, where }) => strange(what, where))];
}

function strange(what: string, where: string): Finding {
  const message = `\`${what}\` means nothing here`;
  return { severity: "warning", code: "unknown-key", message, fix: null, path: pathOf(where), onKey: true };
}

/** Variables that the caller gave and nothing declares: they stand in no file. */
export function givenSlips(notEnforced: readonly NotEnforced[]): Diagnostic[] {
  return notEnforced.flatMap(({ where, reason }) => {
    if (!where.startsWith("--var ")) return [];
    const [why, fix = null] = reason.split("; ");
    const nowhere = { file: null, line: null, col: null, endLine: null, endCol: null };
    return [{ severity: "warning", code: "unknown-variable", message: `\`${where}\`: ${why}`, ...nowhere, fix }];
  });
}
