import type { Fact } from "@aither/protocol";
import type { Command } from "../input.ts";
import type { JobState } from "../state.ts";

export function resume(state: JobState, command: Extract<Command, { is: "resume" }>): Fact[] {
  return state.status === "Paused" ? [{ type: "OrchestrationResumed", by: command.by }] : [];
}
