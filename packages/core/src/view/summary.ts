import type { JobSummary } from "@aither/protocol";
import { isoTime } from "../time.ts";
import { reasonOfJob } from "./reason.ts";
import type { JobState } from "../job/state.ts";

/** One line of `jobs list`. Costs nothing: the fold keeps the counts. */
export function summary(state: JobState): JobSummary {
  return {
    jobId: state.id,
    number: state.number,
    name: state.name,
    playbook: state.plan.name,
    workspace: state.plan.workspace,
    status: state.status,
    reason: reasonOfJob(state),
    queuedAt: isoTime(state.times.queuedAtMs),
    startedAt: timeOrNull(state.times.startedAtMs),
    endedAt: timeOrNull(state.times.endedAtMs),
    counts: state.counts,
    parent: state.parent,
  };
}

/** The exit code of `wait`: 0, 1 or 130; null while the job goes on. */
export function exitCodeOf(state: JobState): 0 | 1 | 130 | null {
  switch (state.status) {
    case "Completed":
      return 0;
    case "Failed":
      return 1;
    case "Cancelled":
      return 130;
    default:
      return null;
  }
}

export function timeOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : isoTime(wallMs);
}
