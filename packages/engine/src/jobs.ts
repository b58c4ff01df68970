import { assert, hasEnded, type JobState } from "@aither/core";
import type { JobId } from "@aither/protocol";
import { limits } from "./limits.ts";

/** The jobs in memory, each as its journal on disk says: all that are open, and the last few that have ended. */
export class Jobs {
  readonly #open = new Map<JobId, JobState>();
  /** In order of ending; the oldest goes first. */
  readonly #ended = new Map<JobId, JobState>();
  readonly #byRequest = new Map<string, JobId>();

  get(jobId: JobId): JobState | undefined {
    return this.#open.get(jobId) ?? this.#ended.get(jobId);
  }

  byRequest(requestId: string): JobState | undefined {
    const jobId = this.#byRequest.get(requestId);
    return jobId === undefined ? undefined : this.get(jobId);
  }

  /** Takes the job's newest state. */
  set(state: JobState): void {
    if (state.requestId !== null) this.#byRequest.set(state.requestId, state.id);
    if (!hasEnded(state)) {
      assert(!this.#ended.has(state.id), `job ${state.id} goes on after its end`);
      this.#open.set(state.id, state);
      return;
    }
    this.#open.delete(state.id);
    this.#ended.set(state.id, state);
    while (this.#ended.size > limits.endedJobsMax) this.#forgetOldest();
  }

  open(): Iterable<JobState> {
    return this.#open.values();
  }

  *all(): Iterable<JobState> {
    yield* this.#open.values();
    yield* this.#ended.values();
  }

  #forgetOldest(): void {
    for (const [jobId, state] of this.#ended) {
      this.#ended.delete(jobId);
      if (state.requestId !== null) this.#byRequest.delete(state.requestId);
      return;
    }
  }
}
