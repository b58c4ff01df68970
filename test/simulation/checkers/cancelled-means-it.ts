import { nameOfAttempt, type Checker, type JobTruth, type Truth } from "../truth.ts";

/**
 * After a cancel only scripts that ask for it (`always()`, `cancelled()`) are scheduled, none at all after a forced or
 * a second one; what was scheduled and has no process is not started; and the job ends as cancelled.
 */
export const cancelledMeansIt: Checker = {
  name: "cancelled-means-it",
  *find(truth) {
    for (const job of truth.jobs) {
      let cancels = 0;
      let forced = false;
      for (const event of job.events) {
        if (event.type === "OrchestrationCancelRequested") {
          cancels++;
          forced ||= event.force || cancels > 1;
          yield* startedAfter(truth, job, event.seq);
        }
        if (event.type === "ScriptScheduled" && cancels > 0) {
          const why = forced ? "although it was forced" : "and does not ask for it";
          if (forced || !runsAfterCancel(job, event.script)) {
            yield `${job.id} seq ${event.seq}: ${event.script} was scheduled after the cancel, ${why}`;
          }
        }
        const otherwise = event.type === "OrchestrationCompleted" || event.type === "OrchestrationFailed";
        if (otherwise && cancels > 0) yield `${job.id} was cancelled and ended by ${event.type}`;
      }
    }
  },
};

function runsAfterCancel(job: JobTruth, key: string): boolean {
  const place = job.places.get(key);
  const conditions = [place?.script.condition ?? "", place?.stage.condition ?? ""];
  return conditions.some((text) => text.includes("always()") || text.includes("cancelled()"));
}

/** An attempt that was on its way when the cancel came must not be asked for as if it might still start. */
function* startedAfter(truth: Truth, job: JobTruth, seq: number): Iterable<string> {
  const cancelled = truth.durableAt(job.id, seq)?.index ?? Infinity;
  for (const one of truth.all) {
    if (one.is !== "ensured" || one.index < cancelled || one.attempt.jobId !== job.id) continue;
    if (one.mayStart && !runsAfterCancel(job, one.attempt.script)) {
      yield `${nameOfAttempt(one.attempt)} might still start after the cancel`;
    }
  }
}
