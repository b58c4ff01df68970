import type { Instant, ScriptKey } from "@aither/protocol";
import { theLeg, theScript, theStage } from "./look.ts";
import { parallelOf, nextOf } from "./settle/leg.ts";
import type { JobState } from "./state.ts";

/**
 * The scripts that may start now, in the order in which they should: those whose wait for another attempt is over,
 * then those whose turn has come. The state must be settled at `now`: conditions have then had their say.
 * Lazy: taking the first is cheap however large the job is.
 */
export function* ready(state: JobState, now: Instant): Iterable<ScriptKey> {
  if (state.status !== "Running" && state.status !== "Cancelling") return;
  for (const key of state.active) {
    const { state: script } = theScript(state, key);
    if (script.is === "waiting" && script.retryAtMs <= now.wallMs) yield key;
  }
  for (const id of state.openStages) {
    const stage = theStage(state, id);
    if (stage.status !== "Running") continue;
    for (const name of stage.openLegs) {
      const leg = theLeg(stage, name);
      if (leg.status !== "Running" || leg.counts.pending === 0) continue;
      let room = parallelOf(stage) - leg.counts.active;
      if (room <= 0) continue;
      for (const record of nextOf(state, leg)) {
        yield record.plan.key;
        room -= 1;
        if (room === 0) break;
      }
    }
  }
}

export function isReady(state: JobState, script: ScriptKey, now: Instant): boolean {
  for (const key of ready(state, now)) if (key === script) return true;
  return false;
}
