import type { Command, JobState } from "@aither/core";
import type { Event, Exports, JobId, Plan, Problem, ScriptKey } from "@aither/protocol";
import type { Behaviour } from "./behaviour.ts";
import type { Clock } from "./ports/clock.ts";
import type { Executor } from "./ports/executor.ts";
import type { Ids } from "./ports/ids.ts";
import type { Journal } from "./ports/journal.ts";

/** What `start` needs; the engine adds id and number. */
export type StartRequest = {
  readonly requestId: string | null;
  readonly name: string;
  readonly plan: Plan;
  readonly options: JobState["options"];
  readonly by: string;
  readonly parent: string | null;
  readonly passedBefore: readonly ScriptKey[];
  /** What those had told: by key, their outputs. */
  readonly passedOutputs?: Readonly<Record<ScriptKey, Readonly<Record<string, string>>>>;
  readonly passedExports?: Readonly<Record<ScriptKey, Exports>>;
  /** Called with the new id before the first event is written: put beside the journal what must be there first (env.json). */
  readonly prepare?: (jobId: JobId) => Promise<void>;
};

/** Commands on a job that exists. */
export type JobCommand = Exclude<Command, { is: "start" }>;

/** Expected trouble is a value. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export type WatchItem =
  | { readonly is: "snapshot"; readonly state: JobState }
  | { readonly is: "event"; readonly event: Event }
  /** The job has ended and everything up to its end was given. */
  | { readonly is: "end"; readonly seq: number }
  /** This reader was too slow and is cut off; read again from `after`. */
  | { readonly is: "cut"; readonly after: number };

/** One published event, with the state after the whole batch it belongs to. `position` counts all events of this daemon's life. */
export type Published = { readonly position: number; readonly event: Event; readonly state: JobState };

export type EngineOptions = {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly ids: Ids;
  /** Live scripts at once, over all jobs. */
  readonly slots: number;
  /** Slots of each named pool; jobs that were started with it share them. */
  readonly pools?: Readonly<Record<string, number>>;
  /** The disk failed: nothing more is accepted or published. The host ends the process with 74. */
  readonly onFatal: (error: unknown) => void;
  /**
   * Whether, after this error of a `prepare`, what is not on disk may be taken for written by whoever syncs next. Then
   * refusing one job will not do.
   */
  readonly isFatal?: (error: unknown) => boolean;
  /** When this home was last seen alive, for OrchestrationRecovered. */
  readonly downSince: string | null;
  /** Events a watcher may leave waiting before it is cut off; 1,000 when absent. */
  readonly watchEventsMax?: number;
  /** The core to run; the real one when absent. Tests plant bugs here. */
  readonly behaviour?: Behaviour;
};

/** The whole public face of the engine. */
export interface EngineFace {
  /** Recovers every open job, then accepts commands. */
  start(): Promise<void>;
  /** Takes no more commands and flushes; running scripts are left alone. */
  stop(): Promise<void>;
  startJob(request: StartRequest): Promise<Outcome<JobState>>;
  /** Resolves when the command's facts are durable and published. */
  submit(jobId: JobId, command: JobCommand): Promise<Outcome<JobState>>;
  /** A live job, or one that ended in this life of the daemon and is still remembered. */
  job(jobId: JobId): JobState | undefined;
  jobs(): Iterable<JobState>;
  /**
   * Snapshot and following events, contiguous. With `after`, no snapshot: the events after that seq (read from the
   * journal when they are older than this subscription). Ends after the job's end, a cut, or `signal`.
   */
  watch(jobId: JobId, options: { after?: number; signal?: AbortSignal }): AsyncIterable<WatchItem>;
  /** Every published event, synchronously, in order; the listener must not throw or block. Returns how to leave. */
  onPublished(listener: (published: Published) => void): () => void;
}
