import type { FactOf, Instant } from "@aither/protocol";
import { deadlineIn } from "../time.ts";
import type { JobState } from "./state.ts";

/** Whether a job's own time has come. Wall time: somebody named an hour of the day. */
export function isDue(state: JobState, now: Instant): boolean {
  const { startAtMs } = state.options;
  return startAtMs === undefined || startAtMs <= now.wallMs;
}

/** A job of a group waits for its turn, which only a look at all jobs can give (`schedule/turns.ts`). */
export function needsTurn(state: JobState): boolean {
  return state.plan.concurrency !== undefined;
}

export function leaveQueue(state: JobState, now: Instant): FactOf<"OrchestrationStarted"> {
  const { timeoutMs } = state.plan;
  return {
    type: "OrchestrationStarted",
    ...(timeoutMs !== null && { deadline: deadlineIn(now, timeoutMs) }),
  };
}
