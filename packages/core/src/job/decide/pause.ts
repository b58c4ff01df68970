import type { Fact } from "@aither/protocol";
import type { Command } from "../input.ts";
import type { JobState } from "../state.ts";

export function pause(state: JobState, command: Extract<Command, { is: "pause" }>): Fact[] {
  if (state.status !== "Running") return [];
  const { by, reason } = command;
  return [{ type: "OrchestrationPaused", by, ...(reason !== undefined && { reason }) }];
}
