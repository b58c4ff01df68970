import type {
  Backoff,
  Deadline,
  Failure,
  Handle,
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
  | { readonly is: "scheduled"; readonly attempt: number; readonly executor: string }
  | {
      readonly is: "running";
      readonly attempt: number;
      readonly handle: Handle;
      readonly deadline: Deadline | null;
      readonly progress?: { readonly percent?: number; readonly note?: string };
    }
  | {
      readonly is: "terminating";
      readonly attempt: number;
      readonly handle: Handle;
      readonly cause: StopCause;
      readonly reason?: string;
      readonly signal: string;
      readonly rung: number;
      readonly killAt: Deadline;
      readonly killing: boolean;
    }
  | { readonly is: "interrupted"; readonly attempt: number; readonly evidence: string }
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
  readonly end:
    | "open"
    | "fenced"
    | "completed"
    | "failed"
    | "interrupted"
    | "skipped"
    | "cancelled";
  readonly handle: Handle | null;
  readonly exitCode: number | null;
  readonly failure: Failure | null;
  readonly scheduledAtMs: number;
  readonly endedAtMs: number | null;
};

export type ScriptRecord = {
  readonly plan: ScriptPlan;
  readonly stage: StageId;
  readonly leg: LegName;
  readonly state: ScriptState;
  readonly attempts: readonly AttemptRecord[];
  /** Fenced and interrupted-by-us attempts do not use up retries; this counts those that did fail. */
  readonly failures: number;
  readonly outputs: Readonly<Record<string, string>>;
};

export type LegState = {
  readonly plan: LegPlan;
  readonly status: StageStatus;
  readonly reason: string;
  readonly scripts: readonly ScriptKey[];
};

export type StageState = {
  readonly plan: StagePlan;
  readonly status: StageStatus;
  readonly reason: string;
  /** A failed stage whose failure is tolerated (`continueOnError`) counts as success for what follows. */
  readonly tolerated: boolean;
  readonly legs: Readonly<Record<LegName, LegState>>;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
};

export type JobOptions = {
  readonly useCache: boolean;
  readonly generateSummary: boolean;
  readonly priority: number;
};

/** A job: the fold of its events. */
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
  readonly passedBefore: readonly ScriptKey[];
  /** Set by OrchestrationCancelRequested; what may still run after it is decided with `force` and `requestedAtMs`. */
  readonly cancel: {
    readonly by: string;
    readonly reason?: string;
    readonly force: boolean;
    readonly requestedAtMs: number;
  } | null;
  readonly restartRequired: boolean;
  readonly times: {
    readonly queuedAtMs: number;
    readonly startedAtMs: number | null;
    readonly endedAtMs: number | null;
  };
  readonly stages: Readonly<Record<StageId, StageState>>;
  readonly stageOrder: readonly StageId[];
  readonly scripts: Readonly<Record<ScriptKey, ScriptRecord>>;
};

export type { Backoff };
