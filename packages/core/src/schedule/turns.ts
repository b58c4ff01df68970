import type { Instant, JobId } from "@aither/protocol";
import { hasEnded } from "../job/look.ts";
import { isDue } from "../job/queue.ts";
import type { JobState } from "../job/state.ts";

export type Turns = {
  /** Jobs that may leave the queue. */
  readonly granted: readonly JobId[];
  /** Jobs that a newer one of their group takes the place of. `by` is its number. */
  readonly superseded: readonly { readonly jobId: JobId; readonly by: number }[];
};

/**
 * Whose turn it is in each group: one job at a time, of those that wait the higher priority, then the lower number. A
 * job whose hour has not come keeps nobody waiting. A newer one with `cancelInProgress` has the older ones cancelled,
 * and its turn comes when they have ended.
 */
export function turns(jobs: Iterable<JobState>, now: Instant): Turns {
  const granted: JobId[] = [];
  const superseded: { jobId: JobId; by: number }[] = [];
  for (const members of groupsOf(jobs).values()) {
    const due = members.filter((job) => job.status === "Queued" && isDue(job, now));
    const newest = due
      .filter((job) => job.plan.concurrency?.cancelInProgress === true)
      .sort(byNumber)
      .at(-1);
    const older = newest === undefined ? [] : members.filter((job) => job.number < newest.number);
    for (const job of older) if (job.cancel === null) superseded.push({ jobId: job.id, by: newest?.number ?? 0 });
    if (members.some((job) => job.status !== "Queued")) continue;
    const [first] = due.filter((job) => !older.includes(job)).sort(byTurn);
    if (first !== undefined) granted.push(first.id);
  }
  return { granted, superseded };
}

function groupsOf(jobs: Iterable<JobState>): Map<string, JobState[]> {
  const groups = new Map<string, JobState[]>();
  for (const job of jobs) {
    const { concurrency } = job.plan;
    if (concurrency === undefined || hasEnded(job)) continue;
    const name = concurrency.group.toLowerCase();
    const members = groups.get(name);
    if (members === undefined) groups.set(name, [job]);
    else members.push(job);
  }
  return groups;
}

function byNumber(left: JobState, right: JobState): number {
  return left.number - right.number;
}

function byTurn(left: JobState, right: JobState): number {
  return right.options.priority - left.options.priority || byNumber(left, right);
}
