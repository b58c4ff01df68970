import { Type, type Static, type TSchema } from "typebox";
import { PlaybookSummary } from "./catalogue.ts";
import {
  CancelJob,
  DiagnosticSchema,
  PauseJob,
  PlanPlaybook,
  PruneJobs,
  ResumeJob,
  RetryJob,
  SelectScripts,
  SendInput,
  SkipInJob,
  StartJob,
  StartJobReply,
  UndoJob,
  ValidatePlaybook,
} from "./command.ts";
import { ArtifactView, JobDetail, JobSummary, StageStatus, ScriptStatus } from "./job.ts";
import { JobParams } from "./job-params.ts";
import { outputContracts } from "./output-contracts.ts";
import { reportContracts } from "./report-contracts.ts";
import { sessionContracts } from "./session-contracts.ts";
import { Json } from "./json.ts";
import { NotEnforced, PlaybookFormat } from "./plan.ts";
import { PlanView } from "./plan-view.ts";
import { ScriptEntry } from "./script-entry.ts";
import type { RouteName } from "./routes.ts";

const apiVersion = Type.Literal("aither/v1");
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Accepted = Type.Object({ apiVersion, ...JobSummary.properties });
const Workspace = Type.Object({ workspace: Type.Optional(Type.String()) });

export const DaemonStatus = Type.Object({
  apiVersion,
  pid: Type.Integer(),
  version: Type.String(),
  home: Type.String(),
  socket: Type.String(),
  startedAt: Type.String(),
  instance: Type.String(),
  jobs: Type.Object({
    active: Type.Integer(),
    liveScripts: Type.Integer(),
    finished: Type.Integer(),
  }),
  /** Where each attempt has a control group of its own; or why none has. */
  cgroup: Type.Optional(
    Type.Object({
      folder: Type.Union([Type.String(), Type.Null()]),
      why: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  setAside: Type.Optional(
    Type.Array(
      Type.Object({
        jobId: Type.String(),
        number: nullable(Type.Integer()),
        reason: Type.String({ description: "`file:line: what is wrong`" }),
        mend: Type.String(),
      }),
      { description: "Open jobs that cannot be continued. Nothing of them is touched." },
    ),
  ),
  rssBytes: Type.Integer(),
});
export type DaemonStatus = Static<typeof DaemonStatus>;

/** Why something is as it is. */
export const Explanation = Type.Object({
  apiVersion,
  subject: Type.String(),
  status: Type.Union([StageStatus, ScriptStatus, Type.String()]),
  reason: Type.String(),
  because: Type.Array(Type.String()),
});
export type Explanation = Static<typeof Explanation>;

type Contract = {
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** The JSON reply of success; absent for streams and documents, which `produces` names. */
  readonly reply?: TSchema;
  readonly status: number;
  readonly produces?: string;
  readonly summary: string;
};

/** Name → shapes. Types, validation, OpenAPI and client types all come from here. */
export const contracts = {
  startJob: { summary: "Start a job", body: StartJob, reply: StartJobReply, status: 202 },
  listJobs: {
    summary: "History, newest first",
    query: Type.Object({
      status: Type.Optional(
        Type.String({ description: "One or more statuses, separated by commas; case is ignored." }),
      ),
      playbook: Type.Optional(Type.String()),
      workspace: Type.Optional(Type.String()),
      text: Type.Optional(Type.String()),
      since: Type.Optional(Type.String({ description: "ISO 8601; queued at or after." })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 50 })),
      before: Type.Optional(Type.Integer({ minimum: 1, description: "A job number: only older ones." })),
    }),
    reply: Type.Object({
      apiVersion,
      jobs: Type.Array(JobSummary),
      next: nullable(Type.Integer({ description: "Send as `before` for the next page." })),
      cursor: Type.String({ description: "Where `/api/events` goes on from this answer." }),
    }),
    status: 200,
  },
  pruneJobs: {
    summary: "Remove finished jobs by age and count",
    body: PruneJobs,
    reply: Type.Object({ apiVersion, removed: Type.Array(Type.Integer()), dryRun: Type.Boolean() }),
    status: 200,
  },
  showJob: { summary: "One job, whole", params: JobParams, reply: JobDetail, status: 200 },
  removeJob: {
    summary: "Remove a finished job and its files",
    params: JobParams,
    reply: Type.Object({ apiVersion, removed: Type.Array(Type.Integer()) }),
    status: 200,
  },
  waitJob: {
    summary: "Answer when the job has ended, or with 200 and its present state when `timeoutMs` ran out",
    params: JobParams,
    query: Type.Object({
      timeoutMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
    }),
    reply: JobDetail,
    status: 200,
  },
  jobEvents: {
    summary:
      "Events as NDJSON. A WebSocket upgrade on the same path streams frames: hello, snapshot (only without `after`), event …, end",
    params: JobParams,
    query: Type.Object({
      after: Type.Optional(
        Type.Integer({
          minimum: 0,
          description: "Only events with a greater `seq`. A WebSocket without it begins with a snapshot.",
        }),
      ),
      follow: Type.Optional(Type.Boolean({ default: false, description: "Go on until the job has ended." })),
    }),
    status: 200,
    produces: "application/x-ndjson",
  },
  ...outputContracts,
  ...reportContracts,
  listArtifacts: {
    summary: "Files the job keeps",
    params: JobParams,
    reply: Type.Object({
      apiVersion,
      jobId: Type.String(),
      number: Type.Integer(),
      artifacts: Type.Array(ArtifactView),
    }),
    status: 200,
  },
  getArtifact: {
    summary: "One of these files, as an attachment",
    params: Type.Object({
      ...JobParams.properties,
      name: Type.String({ minLength: 1, description: "As it is listed; `/` is written `%2F`." }),
    }),
    status: 200,
    produces: "application/octet-stream",
  },
  cancelJob: {
    summary: "Cancel",
    params: JobParams,
    body: CancelJob,
    reply: Accepted,
    status: 202,
  },
  pauseJob: {
    summary: "Start no new script; with `freeze`, also stop the running ones where they are",
    params: JobParams,
    body: PauseJob,
    reply: Accepted,
    status: 202,
  },
  resumeJob: { summary: "Go on", params: JobParams, body: ResumeJob, reply: Accepted, status: 202 },
  skipInJob: {
    summary: "Skip a stage or a script",
    params: JobParams,
    body: SkipInJob,
    reply: Accepted,
    status: 202,
  },
  sendInput: {
    summary: "Write to a running script's standard input; waits a while for a script that is about to start",
    params: JobParams,
    body: SendInput,
    reply: Type.Object({
      apiVersion,
      jobId: Type.String(),
      number: Type.Integer(),
      script: Type.String(),
      attempt: Type.Integer(),
      bytes: Type.Integer(),
      eof: Type.Boolean(),
    }),
    status: 202,
  },
  retryJob: {
    summary: "Start the job anew",
    params: JobParams,
    body: RetryJob,
    reply: StartJobReply,
    status: 202,
  },
  showUndo: {
    summary: "What an undo of the job would run, in order",
    params: JobParams,
    reply: Type.Object({
      apiVersion,
      jobId: Type.String(),
      number: Type.Integer(),
      scripts: Type.Array(
        Type.Object({ name: Type.String(), undoes: Type.String({ description: "Key of the script it undoes." }) }),
      ),
    }),
    status: 200,
  },
  undoJob: {
    summary: "Start a job that undoes what the completed scripts of an ended job did, the last one first",
    params: JobParams,
    body: UndoJob,
    reply: StartJobReply,
    status: 202,
  },
  explainJob: {
    summary: "Why it, a stage or a script is as it is",
    params: JobParams,
    query: Type.Object({ subject: Type.Optional(Type.String()) }),
    reply: Explanation,
    status: 200,
  },
  allEvents: {
    summary:
      "All jobs' events; needs a WebSocket upgrade. Frames: hello, event …; a reset, after which `GET /api/jobs` is to be read, is the last frame of its socket",
    query: Type.Object({ after: Type.Optional(Type.String()) }),
    status: 200,
    produces: "application/json",
  },
  listPlaybooks: {
    summary: "Playbooks of a workspace",
    query: Workspace,
    reply: Type.Object({ apiVersion, playbooks: Type.Array(PlaybookSummary) }),
    status: 200,
  },
  showPlaybook: {
    summary: "One playbook, as v3",
    params: Type.Object({ name: Type.String({ minLength: 1 }) }),
    query: Workspace,
    reply: Type.Object({
      apiVersion,
      name: Type.String(),
      format: PlaybookFormat,
      path: Type.String(),
      text: Type.String(),
      playbook: Json,
    }),
    status: 200,
  },
  planPlaybook: { summary: "What would run", body: PlanPlaybook, reply: PlanView, status: 200 },
  validatePlaybook: {
    summary: "What is wrong with it",
    body: ValidatePlaybook,
    reply: Type.Object({
      apiVersion,
      valid: Type.Boolean(),
      file: nullable(Type.String({ description: "The playbook's file, as diagnostics name it." })),
      diagnostics: Type.Array(DiagnosticSchema),
      notEnforced: Type.Array(NotEnforced),
    }),
    status: 200,
  },
  listScripts: {
    summary: "Numbered scripts of a workspace",
    query: Workspace,
    reply: Type.Object({ apiVersion, scripts: Type.Array(ScriptEntry) }),
    status: 200,
  },
  showScript: {
    summary: "One numbered script",
    params: Type.Object({ name: Type.String({ minLength: 1 }) }),
    query: Workspace,
    reply: Type.Object({ apiVersion, script: ScriptEntry, text: Type.String() }),
    status: 200,
  },
  selectScripts: {
    summary: "What a selector means",
    body: SelectScripts,
    reply: Type.Object({
      apiVersion,
      scripts: Type.Array(Type.String()),
      missing: Type.Array(Type.String()),
      unknown: Type.Array(Type.String()),
    }),
    status: 200,
  },
  ...sessionContracts,
  daemonStatus: { summary: "The daemon", reply: DaemonStatus, status: 200 },
  stopDaemon: {
    summary: "Stop the daemon; scripts run on",
    reply: Type.Object({ apiVersion, stopping: Type.Boolean() }),
    status: 202,
  },
  health: {
    summary: "Is it well",
    reply: Type.Object({ apiVersion, ok: Type.Boolean() }),
    status: 200,
  },
  version: {
    summary: "Versions",
    reply: Type.Object({
      apiVersion,
      version: Type.String(),
      protocol: Type.Array(Type.Integer()),
    }),
    status: 200,
  },
  openapi: { summary: "This API", reply: Json, status: 200 },
} as const satisfies Record<RouteName, Contract>;

type Contracts = typeof contracts;
type Shape<Name extends RouteName, Part extends "params" | "query" | "body" | "reply"> = Contracts[Name] extends {
  readonly [P in Part]: infer S extends TSchema;
}
  ? Static<S>
  : undefined;

/** What a caller of a route passes, and what a handler gets. */
export type Params<Name extends RouteName> = Shape<Name, "params">;
export type Query<Name extends RouteName> = Shape<Name, "query">;
export type Body<Name extends RouteName> = Shape<Name, "body">;
export type Reply<Name extends RouteName> = Shape<Name, "reply">;

/** Shapes that are no calls; behind this door because they carry the schema library with them. */
export { eventSchemas } from "./event.ts";
export { Playbook as playbookSchema } from "./playbook.ts";
export { PlaybookFile as playbookFileSchema } from "./playbook-file.ts";
