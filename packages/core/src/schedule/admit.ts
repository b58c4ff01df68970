import type { Instant, JobId, ScriptKey } from "@aither/protocol";
import { ready } from "../job/ready.ts";
import type { JobState } from "../job/state.ts";

export type Limits = {
  readonly slots: number;
  /** Slots of each pool. A pool that is not named any more has one, so that what was meant to be limited stays so. */
  readonly pools?: Readonly<Record<string, number>>;
};

export type Admission = { readonly jobId: JobId; readonly script: ScriptKey };

type Candidate = {
  readonly job: JobState;
  readonly scripts: Iterator<ScriptKey>;
  next: ScriptKey;
  /** Slots it holds or was just given. */
  taken: number;
};

/**
 * Who gets the free slots, in this order: the higher priority; within one priority the job that holds the fewest; of
 * those the lower number. Jobs of a pool share its slots, whatever else is free. So a large job cannot starve a small one, and nobody waits while a slot is free.
 * Jobs must be settled at `now`. Cost: a look at each job when a slot is free, nothing else when none is.
 */
export function admit(jobs: Iterable<JobState>, limits: Limits, now: Instant): Admission[] {
  const all = [...jobs];
  let free = limits.slots;
  for (const job of all) free -= job.slotsTaken;
  if (free <= 0) return [];
  const heap = candidatesOf(all, now);
  for (let place = Math.floor(heap.length / 2) - 1; place >= 0; place -= 1) sink(heap, place);
  const pools = new Pools(all, limits.pools ?? {});
  const admitted: Admission[] = [];
  while (free > 0) {
    const [first] = heap;
    if (first === undefined) break;
    if (!pools.take(first.job)) {
      dropFirst(heap);
      continue;
    }
    admitted.push({ jobId: first.job.id, script: first.next });
    free -= 1;
    first.taken += 1;
    const next = first.scripts.next();
    if (next.done === true) {
      dropFirst(heap);
    } else {
      first.next = next.value;
      sink(heap, 0);
    }
  }
  return admitted;
}

function dropFirst(heap: Candidate[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  sink(heap, 0);
}

function candidatesOf(jobs: readonly JobState[], now: Instant): Candidate[] {
  const candidates: Candidate[] = [];
  for (const job of jobs) {
    const scripts = ready(job, now)[Symbol.iterator]();
    const next = scripts.next();
    if (next.done !== true) {
      candidates.push({ job, scripts, next: next.value, taken: job.slotsTaken });
    }
  }
  return candidates;
}

function comesBefore(left: Candidate, right: Candidate): boolean {
  const priority = right.job.options.priority - left.job.options.priority;
  if (priority !== 0) return priority < 0;
  if (left.taken !== right.taken) return left.taken < right.taken;
  return left.job.number < right.job.number;
}

/** The free slots of the pools. */
class Pools {
  readonly #sizes: Readonly<Record<string, number>>;
  readonly #taken = new Map<string, number>();

  constructor(jobs: readonly JobState[], sizes: Readonly<Record<string, number>>) {
    this.#sizes = sizes;
    for (const { options, slotsTaken } of jobs) {
      if (options.pool !== undefined) this.#taken.set(options.pool, this.#of(options.pool) + slotsTaken);
    }
  }

  /** Takes a slot of the job's pool; false when it has none left. A job without a pool needs none. */
  take({ options: { pool } }: JobState): boolean {
    if (pool === undefined) return true;
    const taken = this.#of(pool);
    if (taken >= (this.#sizes[pool] ?? 1)) return false;
    this.#taken.set(pool, taken + 1);
    return true;
  }

  #of(pool: string): number {
    return this.#taken.get(pool) ?? 0;
  }
}

/** Restores the heap's order below a place. */
function sink(heap: Candidate[], from: number): void {
  let place = from;
  for (;;) {
    let best = place;
    for (const child of [2 * place + 1, 2 * place + 2]) {
      const candidate = heap[child];
      const champion = heap[best];
      if (candidate && champion && comesBefore(candidate, champion)) best = child;
    }
    const here = heap[place];
    const there = heap[best];
    if (best === place || here === undefined || there === undefined) return;
    heap[place] = there;
    heap[best] = here;
    place = best;
  }
}
