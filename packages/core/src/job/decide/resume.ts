import type { Fact, Instant } from "@aither/protocol";
import type { Command } from "../input.ts";
import { frozenFor } from "../frozen.ts";
import type { JobState } from "../state.ts";

export function resume(state: JobState, command: Extract<Command, { is: "resume" }>, now: Instant): Fact[] {
  if (state.status !== "Paused") return [];
  return [{ type: "OrchestrationResumed", by: command.by, ...frozenFor(state, now) }];
}
