import type { Fact, Instant } from "@aither/protocol";
import { cleanUpMs } from "../../schedule/limits.ts";
import { deadlineIn } from "../../time.ts";
import { frozenFor } from "../frozen.ts";
import type { Command } from "../input.ts";
import type { JobState } from "../state.ts";

/** Asking a second time means: also what may run after a cancel. A third time means nothing new. */
export function cancel(state: JobState, command: Extract<Command, { is: "cancel" }>, now: Instant): Fact[] {
  if (state.cancel?.force === true) return [];
  // What never began has nothing to clean up after.
  const force = command.force || state.cancel !== null || state.status === "Queued";
  return [
    {
      type: "OrchestrationCancelRequested",
      by: command.by,
      ...(command.reason !== undefined && { reason: command.reason }),
      force,
      deadline: deadlineIn(now, cleanUpMs),
      ...frozenFor(state, now),
    },
  ];
}
