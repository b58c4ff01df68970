import type { Fact, Instant, ScriptKey } from "@aither/protocol";
import type { Command } from "../input.ts";
import { legsOf, partsOf, stageEnded, theScript, theStage } from "../look.ts";
import type { JobState, StageState } from "../state.ts";
import { stopFact } from "../stop.ts";

/**
 * A stage that has not started is skipped whole; of one that runs, every script that has not ended. A script that runs
 * is stopped first, and its end is then the skip.
 */
export function skip(state: JobState, command: Extract<Command, { is: "skip" }>, now: Instant): Fact[] {
  const { target, reason } = command;
  if ("script" in target) return skipScript(state, { key: target.script, reason }, now);
  return skipStage(state, { stage: theStage(state, target.stage), reason }, now);
}

function skipStage(state: JobState, { stage, reason }: { stage: StageState; reason: string }, now: Instant): Fact[] {
  if (stageEnded(stage)) return [];
  if (stage.status === "Pending") {
    return [{ type: "StageSkipped", stage: stage.plan.id, kind: "requested", reason }];
  }
  if (stage.plan.group !== undefined) {
    return partsOf(state, stage).flatMap((part) => skipStage(state, { stage: part, reason }, now));
  }
  const keys = [...legsOf(stage)].flatMap((leg) => leg.scripts);
  return keys.flatMap((key) => skipScript(state, { key, reason }, now));
}

function skipScript(state: JobState, { key, reason }: { key: ScriptKey; reason: string }, now: Instant): Fact[] {
  const record = theScript(state, key);
  const script = record.state;
  switch (script.is) {
    case "pending":
    case "waiting":
    case "interrupted":
      return [{ type: "ScriptSkipped", script: key, kind: "requested", reason }];
    case "scheduled":
    case "running":
      return script.stop === null ? [stopFact(record, { cause: "skip", reason }, now)] : [];
    default:
      return [];
  }
}
