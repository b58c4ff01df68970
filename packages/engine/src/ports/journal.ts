import type { Event, JobId } from "@aither/protocol";

/**
 * The truth. Create-only: `append` wins, or throws `JournalConflict` and says what is there. When its promise
 * resolves, the events are on disk; when it rejects for any other reason the engine stops and never tries again.
 */
export interface Journal {
  /** `expectedSeq` is the seq of the last event already there; 0 creates the job. `events` are consecutive. */
  append(jobId: JobId, expectedSeq: number, events: readonly Event[]): Promise<void>;
  read(jobId: JobId): AsyncIterable<Event>;
  /** Jobs that have no end yet. */
  openJobs(): AsyncIterable<JobId>;
  /**
   * The events of an open job are no history that a job can have, from `seq` on: it cannot go on, is listed with this
   * reason and is no open job any more. Nothing of it is touched.
   */
  refuse(jobId: JobId, damage: { readonly seq: number; readonly reason: string }): void;
  /** After the end is durable: the job leaves `active/`. Idempotent. */
  retire(jobId: JobId): Promise<void>;
}

export class JournalConflict extends Error {
  readonly jobId: JobId;
  readonly expectedSeq: number;
  readonly foundSeq: number;
  constructor(conflict: { jobId: JobId; expectedSeq: number; foundSeq: number }) {
    super(`journal of ${conflict.jobId}: expected seq ${conflict.expectedSeq}, found ${conflict.foundSeq}`);
    this.name = "JournalConflict";
    this.jobId = conflict.jobId;
    this.expectedSeq = conflict.expectedSeq;
    this.foundSeq = conflict.foundSeq;
  }
}
