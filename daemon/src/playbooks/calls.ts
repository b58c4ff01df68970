import { type CalledPlaybook, type CalledPlaybooks, calledNames } from "@aither/core";
import type { Outcome } from "@aither/engine";
import { pointAt, type ReadPlaybook } from "@aither/playbook";
import type { Playbook, Problem, ProblemCode } from "@aither/protocol";
import type { LoadedPlaybook, PlaybookCatalogue } from "./catalogue.ts";
import { problemOf, shortened } from "./say.ts";

/** So many different playbooks may take part in one job: GitHub's limit for called workflows. */
const CALLED_MAX = 50;

type Read = Extract<ReadPlaybook, { ok: true }>;

/** The playbooks that one calls, and those that they call, as they were read. */
export type Calls = { readonly called: CalledPlaybooks; readonly reads: readonly Read[] };

/** Reads every playbook that takes part. One that is not there or cannot be read is said where it is called. */
export async function callsOf(
  { read }: LoadedPlaybook,
  { playbooks, workspace }: { readonly playbooks: PlaybookCatalogue; readonly workspace: string },
): Promise<Calls> {
  const called = new Map<string, CalledPlaybook>();
  const reads: Read[] = [];
  const open: Playbook[] = read.ok ? [read.playbook] : [];
  for (let playbook = open.pop(); playbook !== undefined; playbook = open.pop()) {
    for (const name of calledNames(playbook)) {
      const key = name.toLowerCase();
      if (called.has(key)) continue;
      const found = called.size < CALLED_MAX ? await lookUp(name, { playbooks, workspace }) : tooMany;
      // A playbook that calls itself is the same one, whichever of its names is used.
      const known = found.is === "read" ? [read, ...reads].find((one) => sameFile(one, found.read)) : undefined;
      if (found.is !== "read") called.set(key, found);
      else if (known?.ok === true) called.set(key, { is: "found", playbook: known.playbook });
      else {
        called.set(key, { is: "found", playbook: found.read.playbook });
        reads.push(found.read);
        open.push(found.read.playbook);
      }
    }
  }
  return { called, reads };
}

type Found = { readonly is: "read"; readonly read: Read } | Extract<CalledPlaybook, { is: "not-found" }>;

const tooMany: Found = {
  is: "not-found",
  message: `more than ${CALLED_MAX} playbooks take part`,
  fix: "call fewer, or start some of them by themselves",
  problem: "PLAYBOOK_INVALID",
};

async function lookUp(
  name: string,
  { playbooks, workspace }: { readonly playbooks: PlaybookCatalogue; readonly workspace: string },
): Promise<Found> {
  const found: Outcome<LoadedPlaybook> = await playbooks.find(name, workspace);
  if (!found.ok) return notFound(found.problem);
  const { read } = found.value;
  if (read.ok) return { is: "read", read };
  return notFound(problemOf("PLAYBOOK_INVALID", shortened(await pointAt(read.findings, read.source), workspace)));
}

function notFound({ detail, hint, code }: Problem): Found {
  const problem = code.replace("AITHER_E_", "") as ProblemCode;
  return { is: "not-found", message: detail, fix: hint, problem };
}

function sameFile(a: ReadPlaybook, b: ReadPlaybook): boolean {
  return a.source.file !== null && a.source.file === b.source.file;
}
