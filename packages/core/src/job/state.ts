import type {
  Backoff,
  CacheNote,
  Counts,
  Deadline,
  Exports,
  Failure,
  Handle,
  Instant,
  JobStatus,
  Json,
  LegName,
  LegPlan,
  Plan,
  ScriptKey,
  ScriptPlan,
  SkipKind,
  StageId,
  StagePlan,
  StageStatus,
  StopCause,
} from "@aither/protocol";
import type { Table } from "../table.ts";

/** Why an attempt that is not known to run shall not. */
export type StopRequest = { readonly cause: StopCause; readonly reason?: string };

/**
 * A script, in exactly one of these states; each holds what exists in it and nothing else.
 *
 *  pending ─Scheduled─▶ scheduled ─Started/Adopted─▶ running ─exit 0─────────▶ completed
 *     │ ▲                  │  │                       │  │  └─exit ≠ 0, budget─▶ waiting ─▶ scheduled
 *     │ └──── Fenced ──────┘  └─ could not be spawned │  └─ vanished ─▶ interrupted ─▶ waiting | failed
 *     ├─ skip, condition, need ─▶ skipped             └─ cancel, time-out, skip ─▶ terminating ─▶ its end
 *     └─ cancel ─▶ cancelled
 */
export type ScriptState =
  | { readonly is: "pending" }
  | {
      readonly is: "scheduled";
      readonly attempt: number;
      readonly executor: string;
      /** The boot it was scheduled in; null when the journal is too old to say. */
      readonly bootId: string | null;
      /** It must not start any more; when it did all the same, it is stopped as soon as it is seen. */
      readonly stop: StopRequest | null;
    }
  | {
      readonly is: "running";
      readonly attempt: number;
      readonly handle: Handle;
      readonly deadline: Deadline | null;
      /** False between the start of a daemon and its first sight of the process: no time limit acts meanwhile. */
      readonly confirmed: boolean;
      /** It was to be stopped before it was seen to run. */
      readonly stop: StopRequest | null;
      /** It was made to stand still at some time: whether it shall now is told to it, again after each restart. */
      readonly mayBeFrozen: boolean;
      readonly progress?: { readonly percent?: number; readonly note?: string };
    }
  | {
      readonly is: "terminating";
      readonly attempt: number;
      readonly handle: Handle;
      readonly cause: StopCause;
      readonly reason?: string;
      readonly silent?: boolean;
      readonly signal: string;
      readonly rung: number;
      readonly killAt: Deadline;
      readonly killing: boolean;
      /** When it was first asked to stop: an exit before that was its own. */
      readonly sinceMs: number;
    }
  | {
      readonly is: "interrupted";
      readonly attempt: number;
      readonly evidence: string;
      /** With `onInterrupted: ask`: the job was paused for it, so a resume is the answer. */
      readonly asked: boolean;
    }
  | {
      readonly is: "waiting";
      readonly attempt: number;
      readonly retryAtMs: number;
      readonly after: Failure;
    }
  | { readonly is: "completed"; readonly attempt: number; readonly exitCode: number }
  | {
      readonly is: "failed";
      readonly attempt: number;
      readonly failure: Failure;
      readonly tolerated: boolean;
    }
  | { readonly is: "skipped"; readonly kind: SkipKind; readonly reason: string }
  | { readonly is: "cancelled"; readonly reason?: string };

/** What is remembered of one try, for people. Times are ms since the epoch. */
export type AttemptRecord = {
  readonly attempt: number;
  readonly end: "open" | "fenced" | "completed" | "failed" | "interrupted" | "skipped" | "cancelled";
  readonly handle: Handle | null;
  readonly exitCode: number | null;
  readonly failure: Failure | null;
  readonly scheduledAtMs: number;
  readonly endedAtMs: number | null;
  /** Its processes that were still alive at its end; absent when there were none. */
  readonly leftovers?: readonly number[];
};

export type ScriptRecord = {
  readonly plan: ScriptPlan;
  readonly stage: StageId;
  readonly leg: LegName;
  readonly state: ScriptState;
  readonly attempts: readonly AttemptRecord[];
  /** Fenced and interrupted attempts do not use up retries; this counts those that did fail. */
  readonly failures: number;
  /** Fenced attempts in a row. */
  readonly fences: number;
  readonly interruptions: number;
  readonly outputs: Readonly<Record<string, string>>;
  readonly exports?: Exports;
  /** What the cache said before the last attempt, and what became of its result. */
  readonly cache?: { readonly look?: CacheNote; readonly kept?: CacheNote };
};

/** How many scripts of a leg are where. Kept by the fold, so that nobody has to walk 5,000 scripts. */
export type LegCounts = {
  readonly pending: number;
  /** Scheduled, running, terminating, interrupted or waiting. */
  readonly active: number;
  /** Failed, and not tolerated. */
  readonly failed: number;
  readonly cancelled: number;
  /** Skipped because a time limit was over: counts as failure of the leg. */
  readonly overdue: number;
};

export type LegState = {
  readonly plan: LegPlan;
  readonly status: StageStatus;
  readonly reason: string;
  readonly scripts: readonly ScriptKey[];
  readonly counts: LegCounts;
  /** Index into `scripts`: every script before it has ended. */
  readonly first: number;
  /** The first script that failed and is not tolerated. */
  readonly culprit: ScriptKey | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
};

/**
 * What a stage that has ended means for those behind it. `failed` is the root of a failure (or cancel) up the graph,
 * `skipped` that of a skip up the chain of `needs`; GitHub's success() looks at all ancestors, and so does ours.
 */
export type Shadow = { readonly failed: StageId | null; readonly skipped: StageId | null };

export type StageState = {
  readonly plan: StagePlan;
  readonly status: StageStatus;
  readonly reason: string;
  /** Why it was skipped; null for every other status. */
  readonly skip: SkipKind | null;
  /** A failed stage whose failure is tolerated (`continueOnError`) counts as success for what follows. */
  readonly tolerated: boolean;
  /** null until a dynamic matrix has become legs. */
  readonly legs: Table<LegName, LegState> | null;
  /** The first leg that failed (of a group, the first part); with fail-fast the others stop. */
  readonly culprit: LegName | StageId | null;
  /** Names of the legs that have not ended, in order. */
  readonly openLegs: readonly LegName[];
  readonly outputs: Readonly<Record<string, Json>>;
  readonly shadow: Shadow;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** From its `timeoutMs`, counted from its start. */
  readonly deadline: Deadline | null;
};

export type JobOptions = {
  readonly useCache: boolean;
  /** With `useCache`: nothing is looked up, everything is stored. */
  readonly refreshCache?: boolean;
  readonly generateSummary: boolean;
  readonly priority: number;
  /** Its scripts share the slots of this pool with those of other jobs. */
  readonly pool?: string;
  /** It stays in the queue until this wall time, ms since the epoch. */
  readonly startAtMs?: number;
};

/** Set by OrchestrationCancelRequested. */
export type Cancel = {
  readonly by: string;
  readonly reason?: string;
  readonly force: boolean;
  readonly requestedAtMs: number;
  /** Until then scripts whose condition names always() or cancelled() may run. */
  readonly deadline: Deadline;
};

/**
 * A job: the fold of its events. A value: no later event changes it, so it can be kept and handed out. Scripts, stages
 * and legs are in tables; read them with `scriptOf`, `scriptsOf`, `stageOf`, `stagesOf`, `legsOf` (job/look.ts).
 */
export type JobState = {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly seq: number;
  readonly status: JobStatus;
  readonly reason: string;
  readonly plan: Plan;
  readonly options: JobOptions;
  readonly requestId: string | null;
  readonly by: string;
  readonly parent: string | null;
  readonly passedBefore: ReadonlySet<ScriptKey>;
  /** What the scripts that passed before had told. */
  readonly passedOutputs: Readonly<Record<ScriptKey, Readonly<Record<string, string>>>>;
  readonly passedExports: Readonly<Record<ScriptKey, Exports>>;
  /** Some script hands something to the later ones of its leg: only then somebody need look. */
  readonly exporting: boolean;
  readonly cancel: Cancel | null;
  /** Since when its scripts shall stand still; meanwhile no time limit of the job acts. */
  readonly frozenAt: Instant | null;
  readonly restartRequired: boolean;
  /** A time limit of the whole job kept a stage from running. */
  readonly overdue: boolean;
  readonly times: {
    readonly queuedAtMs: number;
    readonly startedAtMs: number | null;
    readonly endedAtMs: number | null;
  };
  /** From the plan's `timeoutMs`, counted from the start. */
  readonly deadline: Deadline | null;
  readonly outputs: Readonly<Record<string, Json>>;
  /** In the order of the plan. */
  readonly stages: Table<StageId, StageState>;
  /** The first stage that failed and is not tolerated. */
  readonly culprit: StageId | null;
  /** Ids of the stages that have not ended, in order. */
  readonly openStages: readonly StageId[];
  readonly scripts: Table<ScriptKey, ScriptRecord>;
  /** Keys of the scripts that are scheduled, running, terminating, interrupted or waiting. */
  readonly active: readonly ScriptKey[];
  /** How many of them hold a slot: scheduled, running or terminating. */
  readonly slotsTaken: number;
  readonly counts: Counts;
};

export type { Backoff };
