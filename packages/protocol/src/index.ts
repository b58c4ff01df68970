/** Shapes only. Values exported here import nothing, so that a thin client may load this file; schemas are behind `@aither/protocol/contracts`. */
export * from "./places.ts";
export * from "./problem.ts";
export * from "./routes.ts";
export * from "./version.ts";
export type * from "./ids.ts";
export type { Instant, Deadline } from "./time.ts";
export type { Json } from "./json.ts";
export type { Failure } from "./failure.ts";
export type {
  Backoff,
  LegPlan,
  NotEnforced,
  OnInterrupted,
  Plan,
  PlanRole,
  PlaybookFormat,
  RunSpec,
  ScriptKind,
  ScriptPlan,
  StageDecision,
  StagePlan,
  StopRung,
} from "./plan.ts";
export type {
  Playbook,
  PlaybookAction,
  PlaybookBackoff,
  PlaybookHooks,
  PlaybookInput,
  PlaybookProfile,
  PlaybookStage,
  PlaybookStageHooks,
  PlaybookStep,
} from "./playbook.ts";
export type { PlaybookArtifacts, PlaybookUndo, PlaybookWhen } from "./around.ts";
export type { Event, EventOf, EventType, Fact, FactOf } from "./event.ts";
export type { Handle, SkipKind, StopCause } from "./events/script.ts";
export type {
  ArtifactView,
  AttemptView,
  Counts,
  JobDetail,
  JobStatus,
  JobSummary,
  LegView,
  ScriptStatus,
  ScriptView,
  StoppingView,
  StageStatus,
  StageView,
} from "./job.ts";
export type { LogLine, SearchHit } from "./log.ts";
export type * from "./stream.ts";
export type * from "./command.ts";
export type { PlaybookSummary, ScriptEntry, ScriptParameter } from "./catalogue.ts";
export type { Body, DaemonStatus, Explanation, Params, PlanView, Query, Reply } from "./contracts.ts";
