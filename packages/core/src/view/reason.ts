import type { StageId } from "@aither/protocol";
import { unreachable } from "../assert.ts";
import { failureText } from "../job/conclude.ts";
import { openBefore } from "../job/graph.ts";
import { groupOf, scriptEnded, theLeg, theScript, theStage } from "../job/look.ts";
import type { JobState, LegState, ScriptRecord, StageState } from "../job/state.ts";
import { parallelOf } from "../job/settle/leg.ts";
import { isoTime } from "../time.ts";

/** Why a job is as it is. What keeps it in the queue is read off it alone: which job is before it, only the daemon knows. */
export function reasonOfJob(state: JobState): string {
  if (state.status !== "Queued") return state.reason;
  const { startAtMs } = state.options;
  const { concurrency } = state.plan;
  const reasons = [
    ...(startAtMs === undefined ? [] : [`it starts at ${isoTime(startAtMs)}`]),
    ...(concurrency === undefined ? [] : [`one job of the group \`${concurrency.group}\` runs at a time`]),
  ];
  return reasons.join("; ");
}

/** Why a stage is as it is: what it waits for, why it was skipped, how it failed. "" when there is nothing to say. */
export function reasonOfStage(state: JobState, stage: StageState): string {
  if (stage.status !== "Pending") return stage.reason;
  const open = openBefore(state, stage);
  const group = groupOf(state, stage);
  if (group?.status === "Pending") return `is a part of \`${group.plan.name}\`, which has not begun`;
  if (open.length > 0) {
    const legs = stage.legs === null ? "; its matrix is known then" : "";
    return `waits for ${names(state, open)}${legs}`;
  }
  if (state.status === "Paused") return `the job is paused: ${state.reason}`;
  if (state.status === "Queued") return "the job waits in the queue";
  const { maxConcurrency } = state.plan;
  return maxConcurrency === null ? "" : `${maxConcurrency} stages run already, which is the playbook's maxConcurrency`;
}

/** Why a script is as it is. */
export function reasonOfScript(state: JobState, record: ScriptRecord): string {
  const script = record.state;
  switch (script.is) {
    case "pending":
      return reasonOfPending(state, record);
    case "scheduled":
      return script.stop?.reason ?? (script.stop === null ? "is being started" : "shall not start");
    case "running":
      if (script.mayBeFrozen && state.frozenAt !== null) return "stands still: the job is frozen";
      return script.progress?.note ?? "";
    case "terminating": {
      const how = script.killing ? "is being killed" : `was sent ${script.signal}`;
      return `${how}${script.reason === undefined ? "" : `: ${script.reason}`}`;
    }
    case "interrupted":
      return `was interrupted: ${script.evidence}`;
    case "waiting":
      return `${failureText(script.after)}; attempt ${script.attempt + 1} comes at ${isoTime(script.retryAtMs)}`;
    case "completed":
      if (record.cache?.look?.is === "hit") return `cached, from job #${record.cache.look.from?.number ?? "?"}`;
      return script.exitCode === 3010 ? "a restart of the machine is required" : "";
    case "failed":
      return `${failureText(script.failure)}${script.tolerated ? " (tolerated)" : ""}`;
    case "skipped":
      return script.reason;
    case "cancelled":
      return script.reason ?? "";
    default:
      return unreachable(script);
  }
}

function reasonOfPending(state: JobState, record: ScriptRecord): string {
  const stage = theStage(state, record.stage);
  if (stage.status === "Pending") {
    const reason = reasonOfStage(state, stage);
    return reason === "" ? `its stage \`${stage.plan.name}\` has not started` : reason;
  }
  const leg = theLeg(stage, record.leg);
  if (leg.status === "Pending") return reasonOfLeg(stage);
  const before = blockerOf(state, { stage, leg, record });
  if (before !== null) return `waits for \`${before.plan.name}\``;
  if (state.status === "Paused") return `the job is paused: ${state.reason}`;
  const { pool } = state.options;
  return pool === undefined ? "waits for a free slot" : `waits for a free slot of the pool \`${pool}\``;
}

function reasonOfLeg(stage: StageState): string {
  const { maxParallel } = stage.plan;
  return maxParallel === null
    ? "its leg has not started"
    : `${maxParallel} legs run already, which is the stage's maxParallel`;
}

/** The script before it that has to end first; null when its turn has come. */
function blockerOf(
  state: JobState,
  { stage, leg, record }: { stage: StageState; leg: LegState; record: ScriptRecord },
): ScriptRecord | null {
  let room = parallelOf(stage);
  let blocker: ScriptRecord | null = null;
  for (const key of leg.scripts.slice(leg.first)) {
    const other = theScript(state, key);
    if (other === record) break;
    if (scriptEnded(other.state)) continue;
    room -= 1;
    blocker = other;
  }
  return room > 0 ? null : blocker;
}

function names(state: JobState, ids: readonly StageId[]): string {
  const [first, ...others] = ids.map((id) => `\`${theStage(state, id).plan.name}\``);
  if (others.length === 0) return first ?? "";
  return `${[first, ...others.slice(0, -1)].join(", ")} and ${others.at(-1)}`;
}
