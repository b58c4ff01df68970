import { hasEnded, type JobState } from "@aither/core";
import type { JobId } from "@aither/protocol";
import type { Behaviour } from "./behaviour.ts";
import { inParallel } from "./in-parallel.ts";
import { limits } from "./limits.ts";
import type { Journal } from "./ports/journal.ts";

/**
 * Folds the journals of all jobs that are listed as open, in the order of their numbers. A job that has ended, but
 * whose daemon died before it could be taken off the list, is taken off now; so is one whose first event never reached
 * the disk: it was never acknowledged to anybody. One job whose events are wrong, though each of them can be read, must
 * not keep all others from going on.
 */
export async function readJobs(options: { journal: Journal; behaviour: Behaviour }): Promise<JobState[]> {
  const { journal, behaviour } = options;
  const states: JobState[] = [];
  await inParallel(limits.recoveriesAtOnceMax, await journal.openJobs(), async (jobId) => {
    const folded: { state: JobState | null } = { state: null };
    const goesOn = await journal.recover(jobId, (event) => {
      folded.state = behaviour.evolve(folded.state, event);
    });
    if (!goesOn) return;
    const { state } = folded;
    if (state === null || hasEnded(state)) await journal.retire(jobId);
    if (state !== null) states.push(state);
  });
  return states.sort((a, b) => a.number - b.number);
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
