import type { Plan, ScriptKey } from "@aither/protocol";
import { isPartOf, legsOf, scriptsOf, stageOf, theStage } from "../job/look.ts";
import type { JobState, StageState } from "../job/state.ts";
import { expansionNeeds } from "./expand.ts";

export type Again = { readonly plan: Plan; readonly passed: readonly ScriptKey[] };

/**
 * A job's plan for another run of it, in which `passed` shall not run again. Legs that a matrix became stay as they are
 * as long as what told them does not run again. If it does, the matrix may become other legs, and a key may mean
 * another one: then the stage runs whole.
 */
export function planAgain(parent: JobState, passed: readonly ScriptKey[]): Again {
  const keeps = new Set(passed);
  const again = [...scriptsOf(parent)].filter(({ plan }) => !keeps.has(plan.key));
  const ran = [...new Set(again.map(({ stage }) => stage))].map((id) => theStage(parent, id));
  const dropped = new Set<ScriptKey>();
  const stages = parent.plan.stages.map((plan) => {
    const stage = stageOf(parent, plan.id);
    if (plan.legs !== null || stage === undefined || stage.legs === null) return plan;
    if (expansionNeeds(plan).every((id) => !ran.some((other) => isPartOf(parent, other, id)))) {
      const { dynamic: _made, ...rest } = plan;
      return { ...rest, legs: [...legsOf(stage)].map((leg) => leg.plan) };
    }
    for (const key of keysOf(stage)) dropped.add(key);
    return plan;
  });
  return { plan: { ...parent.plan, stages }, passed: passed.filter((key) => !dropped.has(key)) };
}

function keysOf(stage: StageState): ScriptKey[] {
  return [...legsOf(stage)].flatMap(({ scripts }) => scripts);
}
