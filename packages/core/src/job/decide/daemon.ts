import type { Fact } from "@aither/protocol";
import type { Observation } from "../input.ts";
import type { JobState } from "../state.ts";

export function daemonStarted(
  _state: JobState,
  { daemonId, downSince }: Extract<Observation, { is: "daemon-started" }>,
): Fact[] {
  return [{ type: "OrchestrationRecovered", daemonId, downSince }];
}
