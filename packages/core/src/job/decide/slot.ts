import type { Fact, Instant } from "@aither/protocol";
import { scriptHalt } from "../halt.ts";
import type { Observation } from "../input.ts";
import { lastAttempt, scriptOf } from "../look.ts";
import { isReady } from "../ready.ts";
import type { JobState } from "../state.ts";

/** A slot is for a script that still wants it: much may have happened since it was asked for. */
export function slotGranted(
  state: JobState,
  { script, executor }: Extract<Observation, { is: "slot-granted" }>,
  now: Instant,
): Fact[] {
  const record = scriptOf(state, script);
  if (record === undefined || !isReady(state, script, now)) return [];
  // The job was settled a little earlier: a time limit may be over since.
  if (scriptHalt(state, record, now) !== null) return [];
  return [{ type: "ScriptScheduled", script, attempt: lastAttempt(record) + 1, executor, bootId: now.bootId }];
}
