import { ladderMs, overdue, type Checker } from "../truth.ts";

/** Scripts that run after a cancel have five minutes, then a stop ladder; the rest is what machines take. */
const cleanUpMs = 5 * 60_000;
const slackMs = 120_000;

/** A cancelled job ends within its grace, as long as a daemon is there to see to it; a forced one without the five minutes. */
export const cancelEndsWithinGrace: Checker = {
  name: "cancel-ends-within-grace",
  *find(truth) {
    for (const job of truth.jobs) {
      const last = job.events.at(-1);
      const ended =
        last?.type === "OrchestrationCancelled" ||
        last?.type === "OrchestrationFailed" ||
        last?.type === "OrchestrationCompleted";
      const endedAt = ended ? truth.durableAt(job.id, last.seq)?.atMs : undefined;
      const ladder = Math.max(0, ...[...job.places.values()].map(({ script }) => ladderMs(script)));
      for (const event of job.events) {
        if (event.type !== "OrchestrationCancelRequested") continue;
        const dueMs = truth.durableAt(job.id, event.seq)?.atMs ?? 0;
        const withinMs = (event.force ? 0 : cleanUpMs) + ladder + slackMs;
        if (overdue(truth, { dueMs, withinMs, doneMs: endedAt ?? Infinity })) {
          yield `${job.id} was cancelled at ${dueMs} ms and had not ended ${withinMs} ms later`;
        }
      }
    }
  },
};
