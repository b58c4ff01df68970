import type { Json, ScriptKey, StageId } from "@aither/protocol";
import { conclusionOf, outcomeOf, resultOf, type Result } from "../job/conclude.ts";
import { hasEnded, legsOf, scriptEnded, stageEnded, stagesOf, theScript } from "../job/look.ts";
import type { JobState, LegState, ScriptRecord, StageState } from "../job/state.ts";

/** How one leg ended, in GitHub's words. */
export type LegResult = {
  readonly stage: StageId;
  /** `Build (linux, 20)`, `caller / part`. Two may be the same. */
  readonly name: string;
  /** Null while it goes on. */
  readonly result: Result | null;
  /** The steps that have an id and have ended. */
  readonly steps: readonly StepResult[];
  readonly outputs: Readonly<Record<string, Json>>;
  readonly scripts: readonly ScriptKey[];
};

export type StepResult = { readonly id: string; readonly outcome: Result; readonly conclusion: Result };

/** What the job came to: null while it goes on. */
export function conclusionOfJob(state: JobState): Exclude<Result, "skipped"> | null {
  if (!hasEnded(state)) return null;
  if (state.status === "Completed") return "success";
  return state.status === "Failed" ? "failure" : "cancelled";
}

/**
 * One for each leg. A stage that was skipped is one, whatever its matrix; one that calls a playbook is its parts, unless
 * it was skipped with them.
 */
export function legResults(state: JobState): LegResult[] {
  const found: LegResult[] = [];
  const skipped = new Set<string>();
  for (const stage of stagesOf(state)) {
    const { id, within, group } = stage.plan;
    if (within !== undefined && skipped.has(within)) {
      skipped.add(id);
    } else if (stage.status === "Skipped") {
      skipped.add(id);
      found.push({ ...whole(stage), scripts: keysOf(stage) });
    } else if (group === undefined) found.push(...ofLegs(state, stage));
  }
  return found;
}

function* ofLegs(state: JobState, stage: StageState): Iterable<LegResult> {
  const legs = [...legsOf(stage)];
  if (legs.length === 0) yield { ...whole(stage), scripts: [] };
  for (const leg of legs) {
    const values = Object.values(leg.plan.matrix).flatMap(valuesIn);
    yield {
      stage: stage.plan.id,
      name: leg.plan.name === "" ? stage.plan.name : `${stage.plan.name} (${values.join(", ")})`,
      result: resultOfLeg(stage, leg),
      steps: leg.scripts.flatMap((key) => stepOf(theScript(state, key))),
      outputs: stage.outputs,
      scripts: leg.scripts,
    };
  }
}

function whole(stage: StageState): Omit<LegResult, "scripts"> {
  const result = stageEnded(stage) ? resultOf(stage) : null;
  return { stage: stage.plan.id, name: stage.plan.name, result, steps: [], outputs: stage.outputs };
}

function keysOf(stage: StageState): ScriptKey[] {
  return [...legsOf(stage)].flatMap((leg) => leg.scripts);
}

function resultOfLeg(stage: StageState, leg: LegState): Result | null {
  if (!stageEnded(leg)) return stageEnded(stage) ? resultOf(stage) : null;
  // What the stage's own criteria tolerate, the stage has come to.
  if (leg.status === "Failed") {
    return stage.plan.continueOnError || stage.status === "Completed" ? "success" : "failure";
  }
  return resultOf({ ...stage, status: leg.status });
}

function stepOf(record: ScriptRecord): StepResult[] {
  const { plan, state } = record;
  if (plan.id === null || !scriptEnded(state)) return [];
  return [{ id: plan.id, outcome: outcomeOf(state), conclusion: conclusionOf(state) }];
}

/** As a person reads them: what is within a value is told, too. */
function valuesIn(value: Json): string[] {
  if (value === null) return [""];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(valuesIn);
  return typeof value === "object" ? Object.values(value as Record<string, Json>).flatMap(valuesIn) : [String(value)];
}
