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
  /** What `read` gave of an open job is no history that a job can have: it is listed with this reason, and left alone. */
  refuse(jobId: JobId, reason: string): void;
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
