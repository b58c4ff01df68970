import type { Fact } from "@aither/protocol";
import { endByCriteria, groupEnd } from "../conclude.ts";
import { groupOutputs } from "../outputs.ts";
import { partsOf, stageEnded } from "../look.ts";
import type { JobState, StageState } from "../state.ts";
import { stageEndFact } from "./running.ts";

/** What must follow for a group that has begun: it ends with the last of its parts. */
export function settleGroup(state: JobState, group: StageState): Fact | null {
  const parts = partsOf(state, group);
  if (!parts.every(stageEnded)) return null;
  return stageEndFact(group, endByCriteria(state, group, groupEnd(parts)), () => groupOutputs(state, group));
}
