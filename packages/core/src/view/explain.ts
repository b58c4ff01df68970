import type { Explanation } from "@aither/protocol";
import { failureText } from "../job/conclude.ts";
import { predecessorsOf } from "../job/graph.ts";
import { legsOf, scriptOf, scriptsOf, stageOf, stagesOf, theScript, theStage } from "../job/look.ts";
import type { JobState, LegState, ScriptRecord, StageState } from "../job/state.ts";
import { statusOf } from "./detail.ts";
import { reasonOfJob, reasonOfScript, reasonOfStage } from "./reason.ts";
import { cacheText } from "./cache.ts";
import { resolveTarget } from "./target.ts";

/** More of them help nobody; the journal has them all. */
const PIDS_SHOWN = 20;

/** Why the job, or the stage or script that `subject` names, is as it is. null when nothing or several things fit. */
export function explain(state: JobState, subject?: string): Explanation | null {
  if (subject === undefined) return explainJob(state);
  const found = resolveTarget(state, subject);
  if (found === null || !("target" in found)) return null;
  if ("stage" in found.target) {
    const stage = stageOf(state, found.target.stage);
    return stage === undefined ? null : explainStage(state, stage);
  }
  const record = scriptOf(state, found.target.script);
  return record === undefined ? null : explainScript(state, record);
}

function explainJob(state: JobState): Explanation {
  const because: string[] = [];
  if (state.cancel !== null) because.push(`${state.cancel.by} asked to cancel it`);
  for (const stage of stagesOf(state)) {
    if (stage.status === "Completed") continue;
    const reason = reasonOfStage(state, stage);
    because.push(`stage \`${stage.plan.name}\` is ${stage.status}${reason && `: ${reason}`}`);
  }
  for (const record of scriptsOf(state)) {
    const pids = record.attempts.flatMap(({ leftovers = [] }) => leftovers);
    if (pids.length === 0) continue;
    const what = pids.length === 1 ? "a process" : "processes";
    because.push(`\`${record.plan.key}\` left ${what} alive: ${pidsText(pids)}`);
  }
  if (state.restartRequired) because.push("a script ended with 3010: the machine must be restarted");
  return {
    apiVersion: "aither/v1",
    subject: `job #${state.number}`,
    status: state.status,
    reason: reasonOfJob(state),
    because,
  };
}

function explainStage(state: JobState, stage: StageState): Explanation {
  const because = predecessorsOf(stage).map((id) => predecessorText(state, { stage, id }));
  if (stage.plan.condition !== null) because.push(`its condition is ${stage.plan.condition}`);
  for (const leg of legsOf(stage)) because.push(...legText(state, leg));
  return {
    apiVersion: "aither/v1",
    subject: `stage ${stage.plan.id}`,
    status: stage.status,
    reason: reasonOfStage(state, stage),
    because,
  };
}

function predecessorText(state: JobState, { stage, id }: { stage: StageState; id: string }): string {
  const before = theStage(state, id);
  const relation = stage.plan.needs.includes(id) ? "needs" : "comes after";
  const tolerated = before.tolerated ? " (tolerated)" : "";
  return `it ${relation} \`${before.plan.name}\`, which is ${before.status}${tolerated}`;
}

function legText(state: JobState, leg: LegState): string[] {
  const lines: string[] = [];
  const where = leg.plan.name === "" ? "" : `[${leg.plan.name}] `;
  for (const key of leg.scripts) {
    const record = theScript(state, key);
    const { is } = record.state;
    if (is === "completed" || is === "pending") continue;
    lines.push(`${where}\`${record.plan.name}\` is ${statusOf(record.state)}${tail(state, record)}`);
  }
  return lines;
}

function explainScript(state: JobState, record: ScriptRecord): Explanation {
  const stage = theStage(state, record.stage);
  const because = [`its stage \`${stage.plan.name}\` is ${stage.status}`];
  if (record.plan.condition !== null) because.push(`its condition is ${record.plan.condition}`);
  for (const tried of record.attempts) {
    const how = tried.failure === null ? tried.end : failureText(tried.failure);
    const left = tried.leftovers === undefined ? "" : `; still alive when it ended: ${pidsText(tried.leftovers)}`;
    because.push(`attempt ${tried.attempt}: ${how === "open" ? "under way" : how}${left}`);
  }
  if (record.plan.retries > 0) {
    because.push(`${record.failures} of ${record.plan.retries} retries are used`);
  }
  because.push(...cacheText(state, record));
  return {
    apiVersion: "aither/v1",
    subject: `script ${record.plan.key}`,
    status: statusOf(record.state),
    reason: reasonOfScript(state, record),
    because,
  };
}

function pidsText(pids: readonly number[]): string {
  const shown = pids.slice(0, PIDS_SHOWN).join(", ");
  const more = pids.length > PIDS_SHOWN ? ` and ${pids.length - PIDS_SHOWN} more` : "";
  return `${pids.length === 1 ? "pid" : "pids"} ${shown}${more}`;
}

function tail(state: JobState, record: ScriptRecord): string {
  const reason = reasonOfScript(state, record);
  return reason === "" ? "" : `: ${reason}`;
}
