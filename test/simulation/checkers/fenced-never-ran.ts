import type { Checker } from "../truth.ts";
import { nameOfAttempt } from "../truth.ts";

/**
 * Whatever the journal calls an attempt that never started had no process, before or after: it is tried again without
 * anybody being asked. Also across a power cut, which may take away the claim of a script that ran.
 */
export const fencedNeverRan: Checker = {
  name: "fenced-never-ran",
  *find(truth) {
    for (const job of truth.jobs) {
      const ran = new Set(job.runs.map((run) => nameOfAttempt(run.attempt)));
      for (const event of job.events) {
        if (event.type !== "ScriptFenced") continue;
        const name = nameOfAttempt({ jobId: job.id, script: event.script, attempt: event.attempt });
        if (ran.has(name)) yield `${name} is said never to have started, and it ran`;
      }
    }
  },
};
