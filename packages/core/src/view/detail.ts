import type { AttemptView, JobDetail, LegView, ScriptStatus, ScriptView, StageView } from "@aither/protocol";
import { legsOf, stagesOf, theScript } from "../job/look.ts";
import type { AttemptRecord, JobState, LegState, ScriptRecord, ScriptState, StageState } from "../job/state.ts";
import { isoTime } from "../time.ts";
import { reasonOfScript, reasonOfStage } from "./reason.ts";
import { exitCodeOf, summary, timeOrNull } from "./summary.ts";

/** The job whole, as it travels. Costs a look at every script. */
export function detail(state: JobState): JobDetail {
  return {
    apiVersion: "aither/v1",
    ...summary(state),
    seq: state.seq,
    format: state.plan.format,
    file: state.plan.file,
    profile: state.plan.profile,
    variables: state.plan.variables,
    exitCode: exitCodeOf(state),
    restartRequired: state.restartRequired,
    notEnforced: state.plan.notEnforced,
    stages: [...stagesOf(state)].map((stage) => stageView(state, stage)),
  };
}

export function stageView(state: JobState, stage: StageState): StageView {
  const { id, name, needs, continueOnError, within, group } = stage.plan;
  return {
    id,
    name,
    needs,
    ...(within !== undefined && { within }),
    ...(group !== undefined && { uses: group.uses }),
    status: stage.status,
    reason: reasonOfStage(state, stage),
    continueOnError,
    legs: [...legsOf(stage)].map((leg) => legView(state, stage, leg)),
    startedAt: timeOrNull(stage.startedAtMs),
    endedAt: timeOrNull(stage.endedAtMs),
  };
}

function legView(state: JobState, stage: StageState, leg: LegState): LegView {
  return {
    name: leg.plan.name,
    matrix: leg.plan.matrix,
    // Legs of a stage that never ran share its fate and have no facts of their own.
    status: stage.status === "Skipped" || stage.status === "Cancelled" ? fate(stage, leg) : leg.status,
    scripts: leg.scripts.map((key) => scriptView(state, theScript(state, key))),
  };
}

function fate(stage: StageState, leg: LegState): LegView["status"] {
  return leg.status === "Pending" ? stage.status : leg.status;
}

export function scriptView(state: JobState, record: ScriptRecord): ScriptView {
  const { key, name, number, kind, continueOnError } = record.plan;
  const { attempts } = record;
  const first = attempts.find((tried) => tried.handle !== null);
  const last = attempts.at(-1);
  const status = statusOf(record.state);
  return {
    key,
    name,
    number,
    kind,
    status,
    reason: reasonOfScript(state, record),
    exitCode: last?.exitCode ?? null,
    continueOnError,
    outputs: record.outputs,
    ...control(state, record.state),
    ...(record.cache?.look !== undefined && { cache: record.cache.look }),
    attempts: attempts
      .filter((tried) => tried.end !== "fenced")
      .map((tried) => attemptView(tried, tried === last ? status : "Failed")),
    startedAt: timeOrNull(first?.handle?.startedAtMs ?? null),
    endedAt: isEnded(status) ? timeOrNull(last?.endedAtMs ?? null) : null,
  };
}

/** What is being done to it. Which processes are alive, only the daemon can tell. */
function control(state: JobState, script: ScriptState): Pick<ScriptView, "stopping" | "frozen"> {
  if (script.is === "running") return script.mayBeFrozen && state.frozenAt !== null ? { frozen: true } : {};
  if (script.is !== "terminating") return {};
  const { cause, signal, killing, killAt } = script;
  return { stopping: { cause, signal, nextAt: killing ? null : isoTime(killAt.wallMs), pids: [] } };
}

function attemptView(tried: AttemptRecord, current: ScriptStatus): AttemptView {
  return {
    attempt: tried.attempt,
    status: attemptStatus(tried, current),
    pid: tried.handle?.pid ?? null,
    exitCode: tried.exitCode,
    failure: tried.failure,
    startedAt: tried.handle === null ? null : isoTime(tried.handle.startedAtMs),
    endedAt: timeOrNull(tried.endedAtMs),
    ...(tried.leftovers !== undefined && { leftovers: [...tried.leftovers] }),
  };
}

function attemptStatus(tried: AttemptRecord, current: ScriptStatus): ScriptStatus {
  switch (tried.end) {
    case "open":
      return current;
    case "completed":
      return "Completed";
    case "failed":
    case "interrupted":
    case "fenced":
      return "Failed";
    case "skipped":
      return "Skipped";
    case "cancelled":
      return "Cancelled";
  }
}

/** The contract's word for a script's state. */
export function statusOf(script: ScriptState): ScriptStatus {
  switch (script.is) {
    case "pending":
      return "Pending";
    case "scheduled":
      return script.stop === null ? "Queued" : "Cancelling";
    case "waiting":
      return "Queued";
    case "running":
    case "interrupted":
      return "Running";
    case "terminating":
      return "Cancelling";
    case "completed":
      return "Completed";
    case "failed":
      return "Failed";
    case "skipped":
      return "Skipped";
    case "cancelled":
      return "Cancelled";
  }
}

function isEnded(status: ScriptStatus): boolean {
  return status === "Completed" || status === "Failed" || status === "Skipped" || status === "Cancelled";
}
