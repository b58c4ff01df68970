import type { Fact, Instant } from "@aither/protocol";
import type { Observation } from "../input.ts";
import { isDue, leaveQueue } from "../queue.ts";
import type { JobState } from "../state.ts";

/** The turn is for a job that still waits for it. */
export function turnGranted(
  state: JobState,
  _granted: Extract<Observation, { is: "turn-granted" }>,
  now: Instant,
): Fact[] {
  return state.status === "Queued" && isDue(state, now) ? [leaveQueue(state, now)] : [];
}
