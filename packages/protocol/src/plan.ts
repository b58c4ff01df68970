import { Type, type Static } from "typebox";
import { NoticeEvent } from "./around.ts";
import { CacheRule } from "./cache.ts";
import { ReportFormat } from "./report-format.ts";
import { SuccessCriteria } from "./checks.ts";
import { ScriptEntry } from "./script-entry.ts";
import { Json, JsonRecord } from "./json.ts";

/** The families of playbook files that can be read (see docs/playbooks.md). */
export const PlaybookFormat = Type.Unsafe<PlaybookFormat>(
  Type.Union(
    (
      [
        "v1-sequence",
        "v1-sequence-objects",
        "v1-stages",
        "v2-stages",
        "v3-jobs",
        "psd1-sequence",
        "psd1-scripts",
        "psd1-stages",
        "json-stage-map",
        "json-other",
        "selector",
      ] as const
    ).map((name) => Type.Literal(name)),
  ),
);
export type PlaybookFormat =
  | "v1-sequence"
  | "v1-sequence-objects"
  | "v1-stages"
  | "v2-stages"
  | "v3-jobs"
  | "psd1-sequence"
  | "psd1-scripts"
  | "psd1-stages"
  | "json-stage-map"
  | "json-other"
  | "selector";

/** What kind of thing a script is: how its interpreter was chosen. `inline` is text from the playbook. */
export const ScriptKind = Type.Union([
  Type.Literal("sh"),
  Type.Literal("ps1"),
  Type.Literal("py"),
  Type.Literal("js"),
  Type.Literal("ts"),
  Type.Literal("cmd"),
  Type.Literal("exe"),
  Type.Literal("inline"),
]);
export type ScriptKind = Static<typeof ScriptKind>;

/** Waiting time before attempt n+1: `min(maxMs, initialMs · factor^(n-1))`, no chance in it. */
export const Backoff = Type.Object({
  initialMs: Type.Number(),
  factor: Type.Number(),
  maxMs: Type.Number(),
});
export type Backoff = Static<typeof Backoff>;

/** What to do when an attempt vanished without an exit record (a reboot, a killed wrapper). */
export const OnInterrupted = Type.Union([Type.Literal("resume"), Type.Literal("fail"), Type.Literal("ask")]);
export type OnInterrupted = Static<typeof OnInterrupted>;

/** One rung of the ladder that stops a script: send `signal`, then wait `afterMs` before the next rung. The last rung is always KILL. */
export const StopRung = Type.Object({ signal: Type.String(), afterMs: Type.Number() });
export type StopRung = Static<typeof StopRung>;

/**
 * How to run a script. `argv[0]` is an absolute path or a program found on the job's PATH. Values of `env` and items
 * of `argv` may still hold `${{ }}` templates that need an earlier script's outcome; `late` says so, and core's
 * `template` resolves them just before the start.
 */
export const RunSpec = Type.Object({
  argv: Type.Array(Type.String()),
  cwd: Type.String(),
  env: Type.Record(Type.String(), Type.String()),
  /** Text of an inline script; the executor hands it to `argv` as its last argument, or as a file when it is long. */
  text: Type.Union([Type.String(), Type.Null()]),
  late: Type.Boolean(),
  /** Names in `env` that the step itself sets: what an earlier script put into AITHER_ENV does not change them. */
  ownEnv: Type.Optional(Type.Array(Type.String())),
  /** Names in `env` whose text is taken as it is, whatever it looks like. */
  literal: Type.Optional(Type.Array(Type.String())),
  /** Folders in front of the PATH, that earlier scripts put into AITHER_PATH. */
  path: Type.Optional(Type.Array(Type.String())),
});
export type RunSpec = Static<typeof RunSpec>;

/** What a stage or script is for that is none of the playbook's own work. */
export const PlanRole = Type.Union([
  Type.Literal("hook"),
  Type.Literal("post-action"),
  Type.Literal("artifacts"),
  Type.Literal("undo"),
  Type.Literal("check"),
]);
export type PlanRole = Static<typeof PlanRole>;

/** How a script is undone; a job of its own runs it. */
export const UndoPlan = Type.Object({
  name: Type.String(),
  path: Type.Union([Type.String(), Type.Null()]),
  kind: ScriptKind,
  run: RunSpec,
  timeoutMs: Type.Union([Type.Number(), Type.Null()]),
});
export type UndoPlan = Static<typeof UndoPlan>;

/** One way to tell somebody. Secrets are not in it: `$NAME` is read from the job's environment when it is sent. */
export const NotificationPlan = Type.Object({
  id: Type.String(),
  on: Type.Array(NoticeEvent),
  message: Type.String(),
  channel: Type.Union([Type.Literal("webhook"), Type.Literal("command"), Type.Literal("desktop"), Type.Literal("log")]),
  /** The address, or the command line; "" where the channel needs none. */
  target: Type.String(),
  headers: Type.Record(Type.String(), Type.String()),
});
export type NotificationPlan = Static<typeof NotificationPlan>;
/** What is kept of a log, in bytes, when it grows beyond that. */
export const LogLimit = Type.Object({ head: Type.Integer(), tail: Type.Integer() });
export type LogLimit = Static<typeof LogLimit>;

export const ScriptPlan = Type.Object({
  key: Type.String(),
  /** The step's id, by which conditions and templates speak of it (`steps.<id>.outputs.x`); null when it has none. */
  id: Type.Union([Type.String(), Type.Null()]),
  /** "0402", or null for inline text and files without a number. */
  number: Type.Union([Type.String(), Type.Null()]),
  name: Type.String(),
  /** Absolute path of the script file; null for inline text. */
  path: Type.Union([Type.String(), Type.Null()]),
  kind: ScriptKind,
  run: RunSpec,
  /** An expression, evaluated when the script's turn comes; null = run while nothing before it failed. */
  condition: Type.Union([Type.String(), Type.Null()]),
  /** Why it will not run, where planning knows. */
  reason: Type.Optional(Type.String()),
  timeoutMs: Type.Union([Type.Number(), Type.Null()]),
  /** How many attempts may follow the first one. */
  retries: Type.Integer(),
  backoff: Backoff,
  continueOnError: Type.Boolean(),
  idempotent: Type.Boolean(),
  onInterrupted: OnInterrupted,
  successExitCodes: Type.Array(Type.Integer()),
  /** Only these failures get another attempt; a time-out is 124. Without it: all. */
  retryExitCodes: Type.Optional(Type.Array(Type.Integer())),
  /** It is stopped, as by a time limit, when it has written nothing for so long. */
  noOutputTimeoutMs: Type.Optional(Type.Number()),
  stopLadder: Type.Array(StopRung),
  separateStderr: Type.Boolean(),
  /** It reads what `jobs send` says; otherwise its standard input is empty. */
  stdin: Type.Optional(Type.Boolean()),
  /** It runs in a pseudo-terminal of this size. */
  pty: Type.Optional(Type.Object({ columns: Type.Integer(), rows: Type.Integer() })),
  /** Null: the whole log stays, whatever the daemon's settings say. */
  logLimit: Type.Optional(Type.Union([LogLimit, Type.Null()])),
  role: Type.Optional(PlanRole),
  /** It starts when all before it in its leg have ended, and nothing behind it starts before it has. */
  alone: Type.Optional(Type.Boolean()),
  undo: Type.Optional(UndoPlan),
  /** Its result may be kept and used again, in jobs that ask for it. */
  cache: Type.Optional(CacheRule),
});
export type ScriptPlan = Static<typeof ScriptPlan>;

export const LegPlan = Type.Object({
  /** "" for a stage without a matrix, else `profile=quick, severity=Error`. */
  name: Type.String(),
  matrix: JsonRecord,
  scripts: Type.Array(ScriptPlan),
});
export type LegPlan = Static<typeof LegPlan>;

/**
 * How the legs of a stage are made whose matrix needs an earlier output. All of it was found when planning, so that the
 * run needs no file and no environment any more: what is left to do is a function of recorded outputs.
 */
export const DynamicMatrix = Type.Object({
  /** Vectors, `include` and `exclude`, or one template for all of them; what was known is filled in. */
  matrix: Json,
  /** Where it is written: `playbooks/x.yaml:12:15`; "" when it is in no file. */
  place: Type.String(),
  /** Stages whose outputs it needs. */
  needs: Type.Array(Type.String()),
  /** Vectors that the profile replaces, by lower-case name. */
  overrides: JsonRecord,
  /** The stage as its playbook has it, with all steps of one leg. */
  stage: JsonRecord,
  /** What its steps do that do not say otherwise. */
  defaults: JsonRecord,
  variables: JsonRecord,
  env: Type.Record(Type.String(), Type.String()),
  platform: Type.String(),
  undefinedIs: Type.Union([Type.Literal("empty"), Type.Literal("error")]),
  /** Names of scripts whose failure is tolerated. */
  allowedFailures: Type.Optional(Type.Array(Type.String())),
  /** What a condition counts as that nobody can decide. */
  assume: Type.Optional(Type.Boolean()),
  /** The numbered scripts its steps may select. */
  scripts: Type.Array(ScriptEntry),
  /** Files of its steps, as written and where they are. */
  files: Type.Record(Type.String(), Type.String()),
  /** What stands for a program: `bash` → `["/usr/bin/bash"]`. `bare`: a plain sh, which knows none of bash's options. */
  programs: Type.Record(
    Type.String(),
    Type.Object({ front: Type.Array(Type.String()), bare: Type.Optional(Type.Boolean()) }),
  ),
  /** One leg, as far as it is known: what people are shown. Values of the matrix are still templates in it. */
  leg: LegPlan,
});
export type DynamicMatrix = Static<typeof DynamicMatrix>;

/** What planning already knows about a stage's condition. */
export const StageDecision = Type.Union([Type.Literal("run"), Type.Literal("skip"), Type.Literal("undecided")]);
export type StageDecision = Static<typeof StageDecision>;

/**
 * A stage that runs nothing itself and stands for the stages within it, like those of a playbook it calls. Its limits
 * (`maxParallel`, `failFast`, `timeoutMs`) are those of its parts together. It has no legs.
 */
export const StageGroup = Type.Object({
  /** `playbook:NAME`, or what else its parts are, for people. */
  uses: Type.String(),
  /** The cell of the calling stage's matrix; {} where there is none. */
  matrix: JsonRecord,
});
export type StageGroup = Static<typeof StageGroup>;

export const StagePlan = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  /** Explicit dependencies: a need that failed or was skipped skips this stage (unless `condition` says otherwise). */
  needs: Type.Array(Type.String()),
  /** Written order: these must have ended first; one that was *skipped* does not matter, one that *failed* does. */
  after: Type.Array(Type.String()),
  decision: StageDecision,
  /** Why `decision` is what it is; a sentence, "" when it simply runs. */
  reason: Type.String(),
  /** An expression that could not be decided when planning, to be evaluated when the stage's turn comes; else null. */
  condition: Type.Union([Type.String(), Type.Null()]),
  /** Variables as conditions and templates of this stage see them. */
  variables: JsonRecord,
  continueOnError: Type.Boolean(),
  failFast: Type.Boolean(),
  /** How many legs at once; null = as many as slots allow. */
  maxParallel: Type.Union([Type.Integer(), Type.Null()]),
  /** How many scripts of one leg at once; 1 = one after another, in written order. */
  parallel: Type.Integer(),
  timeoutMs: Type.Union([Type.Number(), Type.Null()]),
  /** The legs; null when the matrix needs an earlier output (fact `StageExpanded` brings them). */
  legs: Type.Union([Type.Array(LegPlan), Type.Null()]),
  /** How they are made; only where `legs` is null. */
  dynamic: Type.Optional(DynamicMatrix),
  /** The group that this stage is a part of: it has begun before this begins, and ends when all its parts have ended. */
  within: Type.Optional(Type.String()),
  group: Type.Optional(StageGroup),
  /** `outputs.<name>` = template over this stage's steps. */
  outputs: Type.Record(Type.String(), Type.String()),
  /** When it counts as a success; without it, when nothing in it failed that is not tolerated. */
  successCriteria: Type.Optional(SuccessCriteria),
  role: Type.Optional(PlanRole),
});
export type StagePlan = Static<typeof StagePlan>;

/** One job of a group at a time, over all jobs of the home. `cancelInProgress`: a newer one cancels the older ones. */
export const Concurrency = Type.Object({ group: Type.String(), cancelInProgress: Type.Boolean() });
export type Concurrency = Static<typeof Concurrency>;

/** Something the playbook declares and that nothing enforces. */
export const NotEnforced = Type.Object({
  what: Type.String(),
  where: Type.String(),
  reason: Type.String(),
});
export type NotEnforced = Static<typeof NotEnforced>;

/** A playbook resolved for one run. Frozen: it is the content of the job's first event and of `plan.json`. */
export const Plan = Type.Object({
  name: Type.String(),
  description: Type.String(),
  format: PlaybookFormat,
  /** Absolute path of the file it came from; null for `run <selector>` and unsaved text. */
  file: Type.Union([Type.String(), Type.Null()]),
  /** sha256 of the playbook's text, hex. */
  digest: Type.String(),
  workspace: Type.String(),
  profile: Type.Union([Type.String(), Type.Null()]),
  variables: JsonRecord,
  /** How many stages may run at once when `needs` allows it; null = no bound. */
  maxConcurrency: Type.Union([Type.Integer(), Type.Null()]),
  /** When true, the first failed stage (without continueOnError) stops the stages that still run beside it. */
  failFast: Type.Boolean(),
  /** The whole job's time limit. */
  timeoutMs: Type.Union([Type.Number(), Type.Null()]),
  concurrency: Type.Optional(Concurrency),
  /** Names of the environment variables whose values are masked, as the playbook says; never a value. */
  secrets: Type.Optional(Type.Array(Type.String())),
  notifications: Type.Optional(Type.Array(NotificationPlan)),
  /** When the job counts as a success; without it, when nothing failed that is not tolerated. */
  successCriteria: Type.Optional(SuccessCriteria),
  /** A job that failed or was cancelled is undone by another one. */
  undoOnFailure: Type.Optional(Type.Boolean()),
  /** The id of the job that this one undoes. */
  undoes: Type.Optional(Type.String()),
  /** The playbook wants a summary, whether or not the start does. */
  summary: Type.Optional(Type.Boolean()),
  /** Files that are written into the workspace when the job has ended; `path` is relative to it. */
  reports: Type.Optional(Type.Array(Type.Object({ path: Type.String(), format: ReportFormat }))),
  stages: Type.Array(StagePlan),
  missing: Type.Array(Type.String()),
  unknown: Type.Array(Type.String()),
  notEnforced: Type.Array(NotEnforced),
});
export type Plan = Static<typeof Plan>;
