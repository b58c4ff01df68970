import type { JobState } from "@aither/core";
import { deepEqual } from "../deep-equal.ts";
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
      for (const published of lastStates(truth, job.id)) {
        if (!deepEqual(published, job.states[published.seq - 1])) {
          yield `${job.id} at seq ${published.seq}: the published state is not the fold of the journal`;
        }
      }
    }
  },
};

/** The last state each life published. */
function lastStates(truth: Truth, jobId: JobId): Iterable<JobState> {
  const byLife = new Map<number, JobState>();
  for (const one of truth.all) {
    if (one.is === "published" && one.event.jobId === jobId) byLife.set(one.life, one.state);
  }
  return byLife.values();
}
