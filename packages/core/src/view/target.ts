import type { ScriptKey, StageId } from "@aither/protocol";
import type { SkipTarget } from "../job/input.ts";
import { scriptOf, scriptsOf, stageOf, stagesOf, theStage } from "../job/look.ts";
import type { JobState, ScriptRecord } from "../job/state.ts";

export type Resolution =
  | { readonly target: SkipTarget }
  /** Several fit; each candidate is an id or key that fits alone. */
  | { readonly candidates: readonly string[] };

/**
 * What somebody means by a text: a stage's id or a script's key; else, ignoring case, the name of a stage or the
 * number or name of a script. null when nothing fits.
 */
export function resolveTarget(state: JobState, text: string): Resolution | null {
  const stage = stageOf(state, text as StageId);
  if (stage !== undefined) return { target: { stage: stage.plan.id } };
  const script = scriptOf(state, text as ScriptKey);
  if (script !== undefined) return { target: { script: script.plan.key } };
  const wanted = text.toLowerCase();
  const stages = [...stagesOf(state)]
    .filter(({ plan }) => sameText(plan.id, wanted) || sameText(plan.name, wanted))
    .map(({ plan }) => plan.id);
  const scripts = [...scriptsOf(state)]
    .filter((record) => namesOf(state, record).some((name) => sameText(name, wanted)))
    .map(({ plan }) => plan.key);
  const [firstStage] = stages;
  const [firstScript] = scripts;
  const found = stages.length + scripts.length;
  if (found === 0) return null;
  if (found > 1) return { candidates: [...stages, ...scripts] };
  if (firstStage !== undefined) return { target: { stage: firstStage } };
  return firstScript === undefined ? null : { target: { script: firstScript } };
}

/** Its own names; behind a slash also with its stage, and with its leg, in front: `build/Compile`. */
function namesOf(state: JobState, { plan, stage }: ScriptRecord): readonly (string | null)[] {
  const own = [plan.number, plan.id, plan.name];
  const { id, name } = theStage(state, stage).plan;
  const inLeg = plan.key.slice(0, plan.key.lastIndexOf("/"));
  const places = new Set([id, name, inLeg]);
  return [plan.key, ...own, ...[...places].flatMap((place) => own.map((one) => one && `${place}/${one}`))];
}

function sameText(name: string | null, wanted: string): boolean {
  return name !== null && name.toLowerCase() === wanted;
}
