import type { LegName, ScriptKey, StageId } from "@aither/protocol";
import { present } from "../assert.ts";
import { tableGet, tableValues } from "../table.ts";
import type { JobState, LegState, ScriptRecord, ScriptState, StageState } from "./state.ts";

/** Reading a job's tables. `xOf` is undefined for a name the job does not have; `theX` asserts that it has it. */
export function scriptOf(state: JobState, key: ScriptKey): ScriptRecord | undefined {
  return tableGet(state.scripts, key);
}

export function theScript(state: JobState, key: ScriptKey): ScriptRecord {
  return present(tableGet(state.scripts, key), `job ${state.id} has no script ${key}`);
}

export function scriptsOf(state: JobState): Iterable<ScriptRecord> {
  return tableValues(state.scripts);
}

export function stageOf(state: JobState, id: StageId): StageState | undefined {
  return tableGet(state.stages, id);
}

export function theStage(state: JobState, id: StageId): StageState {
  return present(tableGet(state.stages, id), `job ${state.id} has no stage ${id}`);
}

/** In the order of the plan. */
export function stagesOf(state: JobState): Iterable<StageState> {
  return tableValues(state.stages);
}

export function legsOf(stage: StageState): Iterable<LegState> {
  return stage.legs === null ? [] : tableValues(stage.legs);
}

export function legOf(stage: StageState, name: LegName): LegState | undefined {
  return stage.legs === null ? undefined : tableGet(stage.legs, name);
}

export function theLeg(stage: StageState, name: LegName): LegState {
  return present(legOf(stage, name), `stage ${stage.plan.id} has no leg ${name}`);
}

export function hasEnded(state: JobState): boolean {
  return state.status === "Completed" || state.status === "Failed" || state.status === "Cancelled";
}

export function stageEnded(stage: StageState | LegState): boolean {
  return stage.status !== "Pending" && stage.status !== "Running";
}

export function scriptEnded(script: ScriptState): boolean {
  return script.is === "completed" || script.is === "failed" || script.is === "skipped" || script.is === "cancelled";
}

/** The number of the attempt that is under way, or was last; 0 when there was none. */
export function lastAttempt(script: ScriptRecord): number {
  return script.attempts.length;
}
