import { hasEnded, type JobState } from "@aither/core";
import type { JobId } from "@aither/protocol";
import type { Behaviour } from "./behaviour.ts";
import { inParallel } from "./in-parallel.ts";
import { limits } from "./limits.ts";
import type { Journal } from "./ports/journal.ts";

/**
 * Folds the journals of all jobs that are listed as open, in the order of their numbers. A job that has ended, but
 * whose daemon died before it could be taken off the list, is taken off now; so is one whose first event never reached
 * the disk: it was never acknowledged to anybody.
 */
export async function readJobs(options: { journal: Journal; behaviour: Behaviour }): Promise<JobState[]> {
  const { journal, behaviour } = options;
  const ids: JobId[] = [];
  for await (const jobId of journal.openJobs()) ids.push(jobId);
  const states: JobState[] = [];
  await inParallel(limits.recoveriesAtOnceMax, ids, async (jobId) => {
    const folded = await foldOpen({ journal, behaviour, jobId });
    if ("reason" in folded) return journal.refuse(jobId, folded);
    const { state } = folded;
    if (state === null || hasEnded(state)) await journal.retire(jobId);
    if (state !== null) states.push(state);
  });
  return states.sort((a, b) => a.number - b.number);
}

/** One job whose events are wrong, though each of them can be read, must not keep all others from going on. */
async function foldOpen({
  journal,
  behaviour,
  jobId,
}: {
  journal: Journal;
  behaviour: Behaviour;
  jobId: JobId;
}): Promise<{ readonly state: JobState | null } | { readonly seq: number; readonly reason: string }> {
  let state: JobState | null = null;
  for await (const event of journal.read(jobId)) {
    try {
      state = behaviour.evolve(state, event);
    } catch (error) {
      return { seq: event.seq, reason: error instanceof Error ? error.message : String(error) };
    }
  }
  return { state };
}

/** The state a journal stands for; null when there is none. */
export async function fold(options: {
  journal: Journal;
  behaviour: Behaviour;
  jobId: JobId;
}): Promise<JobState | null> {
  let state: JobState | null = null;
  for await (const event of options.journal.read(options.jobId)) {
    state = options.behaviour.evolve(state, event);
  }
  return state;
}
