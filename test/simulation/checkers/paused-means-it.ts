import type { Checker } from "../truth.ts";

/** Between a pause and what ends it, no script is scheduled. One that was may still start: its slot was taken. */
export const pausedMeansIt: Checker = {
  name: "paused-means-it",
  *find(truth) {
    for (const job of truth.jobs) {
      let paused = false;
      for (const event of job.events) {
        if (event.type === "OrchestrationPaused") paused = true;
        if (event.type === "OrchestrationResumed" || event.type === "OrchestrationCancelRequested") {
          paused = false;
        }
        if (paused && event.type === "ScriptScheduled") {
          yield `${job.id} seq ${event.seq}: ${event.script} was scheduled while the job was paused`;
        }
      }
    }
    for (const one of truth.all) {
      if (one.is !== "answered" || one.command.is !== "pause" || !one.outcome.ok) continue;
      const { status } = one.outcome.value;
      if (status === "Running" || status === "Queued") {
        yield `${one.jobId}: a pause was accepted, and the job is ${status}`;
      }
    }
  },
};
