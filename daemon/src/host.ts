/** What the API (and whatever else answers people) may ask of a running daemon: the seam between adapters and doors. */
import type { JobState } from "@aither/core";
import type { EngineFace } from "@aither/engine";
import type { FileHandle } from "node:fs/promises";
import type {
  ArtifactView,
  AttemptRef,
  CacheEntryView,
  Event,
  JobId,
  JobStatus,
  JobSummary,
  NoticeView,
  ReportView,
  Places,
  Plan,
  PruneCache,
  StartJob,
} from "@aither/protocol";
import type { CgroupUse } from "./exec/cgroups.ts";
import type { Audit } from "./audit/audit-log.ts";
import type { Doors } from "./doors/face.ts";
import type { Masker } from "./secrets/masker.ts";
import type { NamePattern } from "./secrets/names.ts";
import type { LineIndex } from "./store/line-index.ts";
import type { FileOrder } from "./search/file-search.ts";
import type { Planner } from "./playbooks/face.ts";

export interface Host {
  readonly engine: EngineFace;
  readonly planner: Planner;
  readonly store: Store;
  readonly control: Control;
  readonly after: After;
  readonly cache: ResultCache;
  /** Slots of the pools that the settings name. */
  readonly pools: Readonly<Record<string, number>>;
  /** Names of environment variables that hold secrets, as the settings say. */
  readonly isSecretName: NamePattern;
  readonly places: Places;
  /** Whether attempts have control groups, and where or why not. */
  readonly cgroup: CgroupUse;
  readonly settings: DoorSettings;
  readonly doors: Doors;
  readonly audit: Audit;
  /** Random, new in each life of the daemon. */
  readonly instance: string;
  /** ISO 8601, UTC, with ms. */
  readonly startedAt: string;
  readonly log: Log;
  /** Begins a graceful end: no new commands, flush, exit 0. Scripts run on. */
  stop(): void;
}

export type DoorSettings = {
  /** Whether viewers may read what scripts wrote. */
  readonly viewerLogs: boolean;
};

/** What jobs owe to others than their scripts: notices, and an undo. */
export interface After {
  /** To be called from `StartRequest.prepare`: durable when it resolves. */
  expect(jobId: JobId, plan: Plan): Promise<void>;
  notices(state: JobState): Promise<readonly NoticeView[]>;
}

/** Results of scripts that may be used again. */
export interface ResultCache {
  /** The last used first. */
  list(): Promise<{
    readonly entries: readonly CacheEntryView[];
    readonly bytes: number;
    readonly limits: { readonly bytesMax: number; readonly daysMax: number };
  }>;
  prune(query: PruneCache): Promise<{ readonly removed: readonly CacheEntryView[]; readonly bytes: number }>;
}

/** What people do to a running script besides stopping it. */
export interface Control {
  /** Pids of the processes that are alive, by key of each script that was asked to stop. */
  stoppingPids(state: JobState): Promise<ReadonlyMap<string, readonly number[]>>;
  /** Resolves when all processes of a job stand still, or go on, as its state says; false when some would not. */
  standing(jobId: JobId): Promise<boolean>;
  /** Writes to a script's standard input; waits a while for one that is about to start. */
  send(jobId: JobId, input: { script: string; text: string; eof: boolean }): Promise<InputSent>;
}

export type InputSent =
  | { readonly is: "sent"; readonly attempt: number; readonly bytes: number }
  /** `why` is the end of a sentence. */
  | { readonly is: "closed"; readonly why: string }
  /** It does not read: so many bytes went in. */
  | { readonly is: "full"; readonly bytes: number };

/** Never given a variable's value or an environment: names only. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Filters are joined by "and". Times are ms since the epoch. */
export type JobQuery = {
  readonly statuses?: readonly JobStatus[];
  /** A playbook's name, compared without case. */
  readonly playbook?: string;
  readonly workspace?: string;
  /** Part of the name, playbook, workspace or id; case is ignored. */
  readonly text?: string;
  /** Queued at or after. */
  readonly sinceMs?: number;
  /** Only jobs with a smaller number. */
  readonly before?: number;
  readonly limit: number;
};

/** Newest (highest number) first; `next` is to be sent as `before`, null when this was the last page. */
export type JobPage = { readonly jobs: readonly JobSummary[]; readonly next: number | null };

export type Found =
  | { readonly is: "one"; readonly jobId: JobId }
  /** Each candidate is a sentence part: `#42 test-full (7f3a…)`. */
  | { readonly is: "many"; readonly candidates: readonly string[] }
  | { readonly is: "none" };

/** What must be beside the journal before a job is accepted. `env` is the client's whole environment, as it came. */
export type Origin = {
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number | null;
  /** Values that nobody is shown; each is also the value of a variable in `env` or in the plan. */
  readonly secrets?: readonly Secret[];
  /** The start request without its environment, so that a retry with other variables can plan anew. Kept as it is. */
  readonly request?: Omit<StartJob, "env" | "umask" | "secrets">;
};

/** A variable whose value is masked wherever somebody reads it. */
export type Secret = { readonly name: string; readonly value: string };

/** Who hides secrets. Null stands for nothing to hide, and costs nothing. */
export interface Secrets {
  of(jobId: JobId): Promise<Masker | null>;
  /** The same at once, for jobs the engine remembers. */
  now(jobId: JobId): Masker | null;
  /**
   * What a script named: masked from now on, in all of its job. `settled` resolves when it will be known to every later
   * daemon, too.
   */
  learn(jobId: JobId, values: readonly string[]): void;
  settled(jobId: JobId): Promise<void>;
  /** Whether its scripts named more than is masked. */
  isOver(jobId: JobId): Promise<boolean>;
  /** The masker as it is now; undefined where nobody has asked for it yet. */
  peek(jobId: JobId): Masker | null | undefined;
  /** What the scripts of one job named is secret in another, too, which was made of it: durable when it resolves. */
  inherit(jobId: JobId, parent: JobId): Promise<void>;
  /** For these values, before there is a job. */
  among(values: readonly string[]): Masker | null;
}

/** Only jobs that have ended can be removed. */
export type Removal =
  | { readonly is: "removed"; readonly number: number }
  | { readonly is: "active"; readonly number: number }
  | { readonly is: "none" };

/** An open job that cannot be continued: nothing of it is touched. */
export type SetAside = {
  readonly jobId: JobId;
  /** Null when not even that can be read. */
  readonly number: number | null;
  /** `file:line: what is wrong` */
  readonly reason: string;
  readonly mend: string;
};

export interface Store {
  setAside(): Promise<readonly SetAside[]>;
  list(query: JobQuery): Promise<JobPage>;
  /** All jobs, newest (highest number) first, as they are read. */
  each(): AsyncIterable<JobSummary>;
  /** By number, id, unique part of an id, `latest`, or a playbook's or job's name (its latest job). */
  find(text: string, scope?: { readonly workspace?: string }): Promise<Found>;
  /** The job an Idempotency-Key already started, if any. */
  findRequest(requestId: string): Promise<JobId | null>;
  /** The live state, or the fold of the journal; null when there is no such job. Throws `JournalDamaged`. */
  state(jobId: JobId): Promise<JobState | null>;
  /** Events with a seq greater than `after`, as the journal has them now. */
  events(jobId: JobId, after?: number): AsyncIterable<Event>;
  counts(): Promise<{ readonly active: number; readonly finished: number }>;
  /** To be called from `StartRequest.prepare`: durable when it resolves. */
  putOrigin(jobId: JobId, origin: Origin): Promise<void>;
  /** What `putOrigin` was given; a retry starts from it. Null after retention took it. */
  origin(jobId: JobId): Promise<Origin | null>;
  remove(jobId: JobId): Promise<Removal>;
  /** Numbers of the jobs removed (or that would be). `keep` = so many of the newest ended jobs stay whatever their age. */
  prune(query: {
    readonly olderThanMs?: number;
    readonly keep?: number;
    readonly dryRun?: boolean;
  }): Promise<readonly number[]>;
  readonly output: OutputFiles;
  readonly artifacts: ArtifactFiles;
  readonly summaries: SummaryFiles;
  readonly reports: ReportFiles;
  readonly secrets: Secrets;
}

/** The reports that playbooks want in their workspaces. */
export interface ReportFiles {
  /** What came of those of a job. */
  list(state: JobState): Promise<readonly ReportView[]>;
}

/** Files a job keeps. */
export interface ArtifactFiles {
  list(jobId: JobId): Promise<readonly ArtifactView[]>;
  /** null when there is no such file. Whoever gets it closes it. */
  open(jobId: JobId, name: string): Promise<{ readonly handle: FileHandle; readonly bytes: number } | null>;
}

/** What scripts add to the summary of their job. */
export interface SummaryFiles {
  /** As the attempt wrote it, unmasked; "" when there is none. */
  read(ref: AttemptRef): Promise<string>;
  /** Where the job's summary is; null until it is written. */
  file(jobId: JobId): Promise<string | null>;
}

/** `err` exists only for scripts with `separateStderr`. */
export type OutputRef = AttemptRef & { readonly stream: "out" | "err" };

/**
 * Bytes of an attempt; `end` is the offset behind them in its file. Where `leftOut` is not 0, so many bytes before `end`
 * were given back to the disk, and `bytes` is a line that says so.
 */
export type OutputPiece = { readonly bytes: Buffer; readonly end: number; readonly leftOut: number };

/** Raw bytes of attempts, unmasked: whoever shows them masks them. */
export interface OutputFiles {
  /** Bytes there are now; 0 when there is no file (yet). */
  size(ref: OutputRef): Promise<number>;
  /** The bytes `[from, to)`, in pieces; stops early at the end of the file. `to` defaults to the present size. */
  read(ref: OutputRef, from: number, to?: number): AsyncIterable<OutputPiece>;
  /**
   * The bytes from `from` on, as they come. Ends when the attempt has ended (as the live state says; at once for a job
   * that is not live) and everything it wrote was given, or when `signal` is aborted.
   */
  follow(ref: OutputRef, from: number, signal: AbortSignal): AsyncIterable<OutputPiece>;
  /** The bytes that were given back to the disk, if any. */
  cut(ref: OutputRef): Promise<{ readonly from: number; readonly to: number } | null>;
  /** Where its lines are, as far as there are any now; null when there is no file. */
  lines(ref: OutputRef): Promise<LineIndex | null>;
  /** How to look through what an attempt wrote (since then, if a time is given); null when there is nothing of it. */
  searchable(ref: OutputRef, sinceMs: number | null): Promise<FileOrder | null>;
  /** When the byte at `offset` was seen: a look-up over the index of that attempt, ms since the epoch or null. */
  times(ref: OutputRef): Promise<(offset: number) => number | null>;
}
