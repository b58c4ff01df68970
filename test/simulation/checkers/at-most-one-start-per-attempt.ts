import type { Checker, Run } from "../truth.ts";
import { nameOfAttempt } from "../truth.ts";

/** An attempt has one process at most, a script one at a time, and none once it has ended. */
export const atMostOneStartPerAttempt: Checker = {
  name: "at-most-one-start-per-attempt",
  *find(truth) {
    for (const job of truth.jobs) {
      const ends = new Map<string, number>();
      for (const event of job.events) {
        const ended =
          event.type === "ScriptCompleted" ||
          event.type === "ScriptFailed" ||
          event.type === "ScriptSkipped" ||
          event.type === "ScriptCancelled";
        if (ended) ends.set(event.script, truth.durableAt(job.id, event.seq)?.index ?? Infinity);
      }
      const before = new Map<string, Run[]>();
      for (const run of job.runs) {
        const others = before.get(run.attempt.script) ?? [];
        for (const other of others) {
          if (other.attempt.attempt === run.attempt.attempt) {
            yield `${nameOfAttempt(run.attempt)} was started twice`;
          } else if (other.endIndex > run.startIndex) {
            yield `${nameOfAttempt(run.attempt)} was started while ${nameOfAttempt(other.attempt)} ran`;
          }
        }
        if (run.startIndex > (ends.get(run.attempt.script) ?? Infinity)) {
          yield `${nameOfAttempt(run.attempt)} was started after its script had ended`;
        }
        before.set(run.attempt.script, [...others, run]);
      }
    }
  },
};
