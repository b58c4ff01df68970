import type { StageId } from "@aither/protocol";
import { stageEnded, theStage } from "./look.ts";
import type { JobState, Shadow, StageState } from "./state.ts";

/** Both kinds of edges: `needs`, and the written order. */
export function predecessorsOf(stage: StageState): readonly StageId[] {
  const { needs, after } = stage.plan;
  return after.length === 0 ? needs : [...needs, ...after.filter((id) => !needs.includes(id))];
}

export function predecessorsEnded(state: JobState, stage: StageState): boolean {
  return predecessorsOf(stage).every((id) => stageEnded(theStage(state, id)));
}

/**
 * What all the stages before one mean for it: a failure comes down both kinds of edges, a skip down `needs` only. Each
 * stage hands on what it inherited, so looking at the direct ones is enough.
 */
export function standingOf(state: JobState, stage: StageState): Shadow {
  let failed: StageId | null = null;
  let skipped: StageId | null = null;
  for (const id of stage.plan.needs) {
    const { shadow } = theStage(state, id);
    failed ??= shadow.failed;
    skipped ??= shadow.skipped;
  }
  for (const id of stage.plan.after) failed ??= theStage(state, id).shadow.failed;
  return { failed, skipped };
}
