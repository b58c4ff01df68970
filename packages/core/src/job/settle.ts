import type { Fact, Instant } from "@aither/protocol";
import { jobEnd } from "./conclude.ts";
import { hasEnded, theScript, theStage } from "./look.ts";
import { isDue, leaveQueue, needsTurn } from "./queue.ts";
import { settleActive } from "./settle/active.ts";
import { settleGroup } from "./settle/group.ts";
import { settlePending } from "./settle/pending.ts";
import { settleRunning } from "./settle/running.ts";
import type { JobState, StageState } from "./state.ts";

/**
 * The one fact that must follow from how things stand, or null. Run it until null after every input: each fact moves a
 * script, leg, stage or the job forward in a life that has no way back without an input, so it always ends.
 * Time limits are answered here as well, on whatever input comes after they are over.
 */
export function settle(state: JobState, now: Instant): Fact | null {
  if (hasEnded(state)) return null;
  if (state.status === "Queued") return isDue(state, now) && !needsTurn(state) ? leaveQueue(state, now) : null;
  for (const key of state.active) {
    const fact = settleActive(state, theScript(state, key), now);
    if (fact !== null) return fact;
  }
  const isFull = stagesAreFull(state);
  for (const id of state.openStages) {
    const stage = theStage(state, id);
    const fact =
      stage.status !== "Running"
        ? settlePending(state, { stage, isFull }, now)
        : stage.plan.group === undefined
          ? settleRunning(state, stage, now)
          : settleGroup(state, stage);
    if (fact !== null) return fact;
  }
  return state.openStages.length === 0 ? ended(state) : null;
}

function stagesAreFull(state: JobState): boolean {
  const { maxConcurrency } = state.plan;
  if (maxConcurrency === null) return false;
  const isRunning = ({ status, plan }: StageState): boolean => status === "Running" && plan.group === undefined;
  const running = state.openStages.filter((id) => isRunning(theStage(state, id))).length;
  return running >= Math.max(1, maxConcurrency);
}

function ended(state: JobState): Fact {
  const end = jobEnd(state);
  switch (end.is) {
    case "completed":
      return { type: "OrchestrationCompleted", ...(end.reason !== "" && { reason: end.reason }) };
    case "failed":
      return { type: "OrchestrationFailed", reason: end.reason };
    case "cancelled":
      return { type: "OrchestrationCancelled" };
  }
}
