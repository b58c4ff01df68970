/** Shapes only. Values exported here import nothing, so that a thin client may load this file; schemas are behind `@aither/protocol/contracts`. */
export * from "./daemon-node.ts";
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
  DynamicMatrix,
  LogLimit,
  LegPlan,
  NotEnforced,
  NotificationPlan,
  OnInterrupted,
  Plan,
  PlanRole,
  PlaybookFormat,
  RunSpec,
  ScriptKind,
  ScriptPlan,
  StageDecision,
  StageGroup,
  StagePlan,
  StopRung,
  UndoPlan,
} from "./plan.ts";
export type {
  Playbook,
  PlaybookAction,
  PlaybookBackoff,
  PlaybookCache,
  PlaybookHooks,
  PlaybookInput,
  PlaybookProfile,
  PlaybookReport,
  PlaybookStage,
  PlaybookStageHooks,
  PlaybookStep,
  PlaybookTerminal,
} from "./playbook.ts";
export type { PlaybookCheck, PlaybookCriteria, SuccessCriteria } from "./checks.ts";
export type { NoticeEvent, PlaybookArtifacts, PlaybookNotification, PlaybookUndo, PlaybookWhen } from "./around.ts";
export type { Event, EventOf, EventType, Fact, FactOf } from "./event.ts";
export type { Exports, Handle, SkipKind, StopCause } from "./events/script.ts";
export type {
  ArtifactView,
  NoticeView,
  ReportView,
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
export {
  environmentSource,
  findSetting,
  isSettingName,
  settings,
  settingsFileOf,
  settingVariable,
  valueOfText,
  type Setting,
  type SettingFound,
  type SettingName,
  type SettingOrigin,
  type SettingSource,
  type SettingValue,
} from "./settings.ts";
export { isShallow, JSON_DEPTH_MAX } from "./depth.ts";
export { decodeText } from "./encoding.ts";
export { failedAlone } from "./failed-alone.ts";
export { bytesOfSize, logLimitOf } from "./size.ts";
export type { CacheEntryView, CacheNote, CacheOrigin, CacheRule, PruneCache } from "./cache.ts";
export type { ReportFormat } from "./report-format.ts";
export type { LogLine, SearchHit } from "./log.ts";
export type * from "./stream.ts";
export type * from "./command.ts";
export type { SessionView } from "./session-contracts.ts";
export type { PlanView } from "./plan-view.ts";
export type { PlaybookSummary } from "./catalogue.ts";
export type { ScriptEntry, ScriptParameter } from "./script-entry.ts";
export type { Body, DaemonStatus, Explanation, Params, Query, Reply } from "./contracts.ts";
