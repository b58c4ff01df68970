import type { LegName, Plan, ScriptKey, StageId } from "@aither/protocol";
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

/** The group that a stage is a part of; undefined for most. */
export function groupOf(state: JobState, stage: StageState): StageState | undefined {
  return stage.plan.within === undefined ? undefined : theStage(state, stage.plan.within);
}

/** All groups around a stage, the nearest first. */
export function* groupsAround(state: JobState, stage: StageState): Iterable<StageState> {
  for (let group = groupOf(state, stage); group !== undefined; group = groupOf(state, group)) yield group;
}

const partIds = new WeakMap<Plan, ReadonlyMap<StageId, readonly StageId[]>>();

/** The stages that are directly within a group, in order. Which they are is remembered: plans are frozen. */
export function partsOf(state: JobState, group: StageState): readonly StageState[] {
  let known = partIds.get(state.plan);
  if (known === undefined) {
    const parts = new Map<StageId, StageId[]>();
    for (const { id, within } of state.plan.stages) {
      if (within !== undefined) parts.set(within, [...(parts.get(within) ?? []), id]);
    }
    known = parts;
    partIds.set(state.plan, known);
  }
  return (known.get(group.plan.id) ?? []).map((id) => theStage(state, id));
}

/** Whether a stage is this one, or is within it at any depth. */
export function isPartOf(state: JobState, stage: StageState, id: StageId): boolean {
  if (stage.plan.id === id) return true;
  for (const group of groupsAround(state, stage)) if (group.plan.id === id) return true;
  return false;
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
