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

const settled = new WeakSet<StageState>();

/**
 * The stages that must end before its turn comes. One that is skipped or cancelled before it began ends at once, whatever
 * is before it: what comes behind it still waits for that, or the written order would not hold.
 */
export function openBefore(state: JobState, stage: StageState): readonly StageId[] {
  const open = new Set<StageId>();
  const seen = new Set<StageId>();
  const look = (ids: readonly StageId[]): void => {
    for (const id of ids) {
      if (seen.has(id)) continue;
      seen.add(id);
      const before = theStage(state, id);
      if (!stageEnded(before)) open.add(id);
      else if (mayHaveEndedEarly(before) && !settled.has(before)) look(predecessorsOf(before));
    }
  };
  look(predecessorsOf(stage));
  // What has ended stays so: nobody need look behind it again.
  if (open.size === 0) {
    for (const id of seen) settled.add(theStage(state, id));
  }
  return [...open];
}

function mayHaveEndedEarly({ status }: StageState): boolean {
  return status === "Skipped" || status === "Cancelled";
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
