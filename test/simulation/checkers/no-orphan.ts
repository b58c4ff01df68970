import { nameOfAttempt, type Checker } from "../truth.ts";

/** When a script's or a job's end is on disk, nothing of it runs any more, and nothing of it starts later. */
export const noOrphan: Checker = {
  name: "no-orphan",
  *find(truth) {
    for (const job of truth.jobs) {
      for (const event of job.events) {
        const at = truth.durableAt(job.id, event.seq)?.index ?? Infinity;
        const ofJob =
          event.type === "OrchestrationCompleted" ||
          event.type === "OrchestrationFailed" ||
          event.type === "OrchestrationCancelled";
        const ofScript =
          event.type === "ScriptCompleted" ||
          event.type === "ScriptFailed" ||
          event.type === "ScriptSkipped" ||
          event.type === "ScriptCancelled";
        if (!ofJob && !ofScript) continue;
        for (const run of job.runs) {
          if (ofScript && run.attempt.script !== event.script) continue;
          if (run.startIndex < at && run.endIndex > at) {
            yield `${nameOfAttempt(run.attempt)} (pid ${run.pid}) ran on after ${event.type}`;
          }
          if (run.startIndex > at) {
            yield `${nameOfAttempt(run.attempt)} was started after ${event.type}`;
          }
        }
      }
    }
  },
};
