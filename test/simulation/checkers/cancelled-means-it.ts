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

/** An attempt that was on its way when the cancel came must be called off, and never be asked for as if it might start. */
function* startedAfter(truth: Truth, job: JobTruth, seq: number): Iterable<string> {
  const cancel = publishedAt(truth, job, seq);
  if (cancel === null) return;
  const calledOff = new Set<string>();
  for (const one of truth.all) {
    if (one.is !== "ensured" || one.index < cancel.index || one.attempt.jobId !== job.id) continue;
    const name = nameOfAttempt(one.attempt);
    if (one.life === cancel.life && !one.mayStart) calledOff.add(name);
    if (one.mayStart && !runsAfterCancel(job, one.attempt.script)) yield `${name} might still start after the cancel`;
  }
  for (const name of onTheirWay(truth, job, { seq, atMs: cancel.atMs })) {
    if (!calledOff.has(name)) yield `${name} was not called off when the job was cancelled`;
  }
}

type Cancel = { readonly index: number; readonly life: number; readonly atMs: number };

/** null when the daemon died before it could act on it. */
function publishedAt(truth: Truth, job: JobTruth, seq: number): Cancel | null {
  for (const one of truth.all) {
    if (one.is === "published" && one.event.jobId === job.id && one.event.seq === seq) return one;
  }
  return null;
}

/** Attempts that were scheduled before the cancel and of which nothing had been seen by the time it took effect. */
function onTheirWay(truth: Truth, job: JobTruth, cancel: { seq: number; atMs: number }): Set<string> {
  const names = new Set<string>();
  for (const event of job.events) {
    if (!("script" in event) || !("attempt" in event) || runsAfterCancel(job, event.script)) continue;
    const name = `${job.id} ${event.script}#${event.attempt}`;
    if (event.type === "ScriptScheduled") {
      if (event.seq < cancel.seq) names.add(name);
    } else if ((truth.durableAt(job.id, event.seq)?.atMs ?? Infinity) <= cancel.atMs) {
      // To be asked to stop is what a cancel does to it; anything else means that it was seen, or had been stopped.
      if (event.type !== "ScriptTerminating" || event.seq < cancel.seq) names.delete(name);
    }
  }
  return names;
}
