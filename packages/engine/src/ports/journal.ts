import type { Event, JobId } from "@aither/protocol";

/**
 * The truth. Create-only: `append` wins, or throws `JournalConflict` and says what is there. When its promise
 * resolves, the events are on disk; when it rejects for any other reason the engine stops and never tries again.
 */
export interface Journal {
  /** `expectedSeq` is the seq of the last event already there; 0 creates the job. `events` are consecutive. */
  append(jobId: JobId, expectedSeq: number, events: readonly Event[]): Promise<void>;
  /** Those up to the seq `after` may be left out. */
  read(jobId: JobId, after?: number): AsyncIterable<Event>;
  /** Jobs that are listed as having no end yet. */
  openJobs(): Promise<readonly JobId[]>;
  /**
   * Hands over every event of an open job, in order; when it resolves, what was handed over is on disk to stay. False:
   * the job is not to be gone on with. It has ended and was retired, it never began, or it is damaged. What `take` throws
   * says that an event does not follow from those before it: such a job is damaged, too; it is listed with that reason,
   * and nothing of it is touched.
   */
  recover(jobId: JobId, take: (event: Event) => void): Promise<boolean>;
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
