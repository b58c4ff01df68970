import { Type, type Static } from "typebox";
import { CacheNote } from "./cache.ts";
import { StopCause } from "./events/script.ts";
import { NoticeEvent } from "./around.ts";
import { Failure } from "./failure.ts";
import { ReportFormat } from "./report-format.ts";
import { JsonRecord } from "./json.ts";
import { NotEnforced, PlaybookFormat, ScriptKind } from "./plan.ts";

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const time = nullable(Type.String({ description: "ISO 8601, UTC, with ms." }));

export const JobStatus = Type.Union([
  Type.Literal("Queued"),
  Type.Literal("Running"),
  Type.Literal("Paused"),
  Type.Literal("Cancelling"),
  Type.Literal("Completed"),
  Type.Literal("Failed"),
  Type.Literal("Cancelled"),
]);
export type JobStatus = Static<typeof JobStatus>;

export const StageStatus = Type.Union([
  Type.Literal("Pending"),
  Type.Literal("Running"),
  Type.Literal("Completed"),
  Type.Literal("Failed"),
  Type.Literal("Skipped"),
  Type.Literal("Cancelled"),
]);
export type StageStatus = Static<typeof StageStatus>;

/** Queued: scheduled, or waiting for its next attempt. Cancelling: asked to stop. */
export const ScriptStatus = Type.Union([
  Type.Literal("Pending"),
  Type.Literal("Queued"),
  Type.Literal("Running"),
  Type.Literal("Cancelling"),
  Type.Literal("Completed"),
  Type.Literal("Failed"),
  Type.Literal("Skipped"),
  Type.Literal("Cancelled"),
]);
export type ScriptStatus = Static<typeof ScriptStatus>;

export const AttemptView = Type.Object({
  attempt: Type.Integer(),
  status: ScriptStatus,
  pid: nullable(Type.Integer()),
  exitCode: nullable(Type.Integer()),
  failure: nullable(Failure),
  startedAt: time,
  endedAt: time,
  leftovers: Type.Optional(
    Type.Array(Type.Integer(), { description: "Pids of its processes that were still alive at its end." }),
  ),
});
export type AttemptView = Static<typeof AttemptView>;

/** How far the stopping of a script is. */
export const StoppingView = Type.Object({
  cause: StopCause,
  signal: Type.String({ description: "The last signal it was sent." }),
  nextAt: nullable(Type.String({ description: "When its grace is over and the next signal comes; null after KILL." })),
  pids: Type.Array(Type.Integer(), {
    description: "Its processes that are alive, the wrapper left out; told where one job is shown, else empty.",
  }),
});
export type StoppingView = Static<typeof StoppingView>;

export const ScriptView = Type.Object({
  key: Type.String(),
  name: Type.String(),
  number: nullable(Type.String()),
  kind: ScriptKind,
  status: ScriptStatus,
  reason: Type.String({
    description: "Why it is so: what it waits for, why it was skipped, how it failed. May be empty.",
  }),
  exitCode: nullable(Type.Integer()),
  continueOnError: Type.Boolean(),
  outputs: Type.Record(Type.String(), Type.String()),
  stopping: Type.Optional(StoppingView),
  cache: Type.Optional(CacheNote),
  frozen: Type.Optional(Type.Boolean({ description: "Stopped where it is, by `pause --freeze`." })),
  attempts: Type.Array(AttemptView),
  startedAt: time,
  endedAt: time,
});
export type ScriptView = Static<typeof ScriptView>;

export const LegView = Type.Object({
  name: Type.String(),
  matrix: JsonRecord,
  status: StageStatus,
  scripts: Type.Array(ScriptView),
});
export type LegView = Static<typeof LegView>;

export const StageView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  needs: Type.Array(Type.String()),
  within: Type.Optional(
    Type.String({ description: "The stage that it is a part of: the one that calls its playbook." }),
  ),
  uses: Type.Optional(
    Type.String({ description: "`playbook:NAME`: it runs nothing itself but stands for its parts." }),
  ),
  status: StageStatus,
  reason: Type.String(),
  continueOnError: Type.Boolean(),
  legs: Type.Array(LegView),
  startedAt: time,
  endedAt: time,
});
export type StageView = Static<typeof StageView>;

/** How many scripts are in each state; the parts add up to `total`. */
export const Counts = Type.Object({
  total: Type.Integer(),
  pending: Type.Integer(),
  running: Type.Integer(),
  completed: Type.Integer(),
  failed: Type.Integer(),
  skipped: Type.Integer(),
  cancelled: Type.Integer(),
});
export type Counts = Static<typeof Counts>;

/** One line of `aither jobs list`; also `metadata.json` and a line of the index. */
export const JobSummary = Type.Object({
  jobId: Type.String(),
  number: Type.Integer(),
  name: Type.String(),
  playbook: Type.String(),
  workspace: Type.String(),
  status: JobStatus,
  reason: Type.String(),
  queuedAt: Type.String(),
  startedAt: time,
  endedAt: time,
  counts: Counts,
  parent: nullable(Type.String()),
});
export type JobSummary = Static<typeof JobSummary>;

/** A file that a job keeps. */
export const ArtifactView = Type.Object({
  name: Type.String({ description: "Its path among the job's artifacts, with `/`." }),
  bytes: Type.Integer(),
  changedAt: Type.String({ description: "ISO 8601, UTC, with ms." }),
});
export type ArtifactView = Static<typeof ArtifactView>;

/** Somebody who was told of the job, is to be told, or could not be told. */
export const NoticeView = Type.Object({
  on: NoticeEvent,
  channel: Type.String({ description: "webhook, command, desktop or log." }),
  to: Type.String({ description: "The host of a webhook, a command line; may be empty." }),
  message: Type.String(),
  status: Type.Union([Type.Literal("pending"), Type.Literal("delivered"), Type.Literal("failed")]),
  attempts: Type.Integer(),
  detail: Type.String({ description: "What came of the last attempt." }),
  at: time,
});
export type NoticeView = Static<typeof NoticeView>;

/** A report that the playbook wants in its workspace. */
export const ReportView = Type.Object({
  path: Type.String({ description: "In the workspace." }),
  format: ReportFormat,
  status: Type.Union([Type.Literal("pending"), Type.Literal("written"), Type.Literal("failed")]),
  detail: Type.String({ description: "Why it could not be written; else empty." }),
});
export type ReportView = Static<typeof ReportView>;

/** The job whole. */
export const JobDetail = Type.Object({
  apiVersion: Type.Literal("aither/v1"),
  ...JobSummary.properties,
  seq: Type.Integer({ description: "The last event this view has seen." }),
  format: PlaybookFormat,
  file: nullable(Type.String()),
  profile: nullable(Type.String()),
  variables: JsonRecord,
  exitCode: nullable(Type.Integer({ description: "The exit code of `wait` for an ended job: 0, 1 or 130." })),
  restartRequired: Type.Boolean(),
  notEnforced: Type.Array(NotEnforced),
  stages: Type.Array(StageView),
  summaryFile: Type.Optional(
    nullable(
      Type.String({
        description:
          "Where its summary is, if one was asked for; null until it is written. Told where one job is shown.",
      }),
    ),
  ),
  notifications: Type.Optional(Type.Array(NoticeView, { description: "Told where one job is shown." })),
  reports: Type.Optional(
    Type.Array(ReportView, { description: "What the playbook wants in its workspace; told where one job is shown." }),
  ),
  artifacts: Type.Optional(Type.Array(ArtifactView, { description: "What it keeps; told where one job is shown." })),
});
export type JobDetail = Static<typeof JobDetail>;
