import { AssertionError, hasEnded, type JobState } from "@aither/core";
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
    const state = await folded({ journal, behaviour, jobId });
    if (state === "refused") return;
    if (state === null || hasEnded(state)) await journal.retire(jobId);
    if (state !== null) states.push(state);
  });
  return states.sort((a, b) => a.number - b.number);
}

/** One job whose facts contradict each other is no reason to keep all others waiting; it is told, and not touched. */
async function folded(options: {
  journal: Journal;
  behaviour: Behaviour;
  jobId: JobId;
}): Promise<JobState | null | "refused"> {
  try {
    return await fold(options);
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    options.journal.refuse(options.jobId, error.message);
    return "refused";
  }
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
