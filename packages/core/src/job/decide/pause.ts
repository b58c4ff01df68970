import type { Fact, Instant } from "@aither/protocol";
import type { Command } from "../input.ts";
import type { JobState } from "../state.ts";

/** A job that is paused already can still be frozen. */
export function pause(state: JobState, command: Extract<Command, { is: "pause" }>, now: Instant): Fact[] {
  const { by, reason, freeze = false } = command;
  const mayFreeze = freeze && state.status === "Paused" && state.frozenAt === null;
  if (state.status !== "Running" && !mayFreeze) return [];
  return [
    {
      type: "OrchestrationPaused",
      by,
      ...(reason !== undefined && { reason }),
      ...(freeze && { frozenAt: now }),
    },
  ];
}
