import { evolve, type JobState } from "@aither/core";
import { isDeepStrictEqual } from "node:util";
import type { JobId } from "@aither/protocol";
import type { Checker, Truth } from "../truth.ts";

/** Folding the journal anew gives the very state that was published: nothing is known that is not written. */
export const replayEqualsLive: Checker = {
  name: "replay-equals-live",
  *find(truth) {
    for (const job of truth.jobs) {
      if (job.foldError !== null) {
        yield `${job.id}: its journal cannot be folded: ${job.foldError}`;
        continue;
      }
      const live = lastStates(truth, job.id);
      let state: JobState | null = null;
      for (const event of job.events) {
        state = evolve(state, event);
        const published = live.get(event.seq);
        if (published !== undefined && !isDeepStrictEqual(published, state)) {
          yield `${job.id} at seq ${event.seq}: the published state is not the fold of the journal`;
        }
      }
    }
  },
};

/** The last state each life published, by its seq. */
function lastStates(truth: Truth, jobId: JobId): Map<number, JobState> {
  const byLife = new Map<number, JobState>();
  for (const one of truth.all) {
    if (one.is === "published" && one.event.jobId === jobId) byLife.set(one.life, one.state);
  }
  return new Map([...byLife.values()].map((state) => [state.seq, state]));
}
