import type { Fact, Instant } from "@aither/protocol";
import { endByCriteria, legEnd, matrixEnd, type End } from "../conclude.ts";
import { type Outputs, stageOutputs } from "../outputs.ts";
import { legHalt } from "../halt.ts";
import { theLeg } from "../look.ts";
import type { JobState, LegState, StageState } from "../state.ts";
import { settleLeg } from "./leg.ts";

/** What must follow for a stage that has started: in its legs, then for itself. */
export function settleRunning(state: JobState, stage: StageState, now: Instant): Fact | null {
  let running = 0;
  for (const name of stage.openLegs) {
    const leg = theLeg(stage, name);
    if (leg.status === "Running") running += 1;
  }
  for (const name of stage.openLegs) {
    const leg = theLeg(stage, name);
    const fact =
      leg.status === "Running"
        ? settleRunningLeg(state, { stage, leg }, now)
        : settlePendingLeg(state, { stage, leg, running }, now);
    if (fact !== null) return fact;
  }
  return stage.openLegs.length === 0 ? endOf(state, stage, matrixEnd(stage)) : null;
}

function settleRunningLeg(state: JobState, place: { stage: StageState; leg: LegState }, now: Instant): Fact | null {
  const { stage, leg } = place;
  if (leg.counts.pending > 0 || leg.counts.active > 0) return settleLeg(state, place, now);
  const end = legEnd(state, leg);
  return leg.plan.name === "" ? endOf(state, stage, end) : endFact(stage, { leg: leg.plan.name }, end);
}

function settlePendingLeg(
  state: JobState,
  place: { stage: StageState; leg: LegState; running: number },
  now: Instant,
): Fact | null {
  const { stage, leg, running } = place;
  const names = { stage: stage.plan.id, leg: leg.plan.name };
  const halt = legHalt(state, place, now);
  if (halt !== null) {
    return halt.cause === "timeout"
      ? { type: "StageSkipped", ...names, kind: "timeout", reason: halt.reason }
      : { type: "StageCancelled", ...names, reason: halt.reason };
  }
  if (state.status === "Paused" && leg.counts.pending > 0) return null;
  const { maxParallel } = stage.plan;
  if (maxParallel !== null && running >= Math.max(1, maxParallel)) return null;
  return { type: "StageStarted", ...names };
}

function endOf(state: JobState, stage: StageState, end: End): Fact {
  return stageEndFact(stage, endByCriteria(state, stage, end), () => stageOutputs(state, stage));
}

/** The stage's own end. Outputs that cannot be made fail a stage that would have completed. */
export function stageEndFact(stage: StageState, end: End, outputs: () => Outputs): Fact {
  if (end.status !== "Completed") return endFact(stage, {}, end);
  const made = outputs();
  if ("error" in made) return endFact(stage, {}, { status: "Failed", reason: made.error });
  const some = Object.keys(made.outputs).length > 0;
  return {
    type: "StageCompleted",
    stage: stage.plan.id,
    ...(end.reason !== "" && { reason: end.reason }),
    ...(some && { outputs: made.outputs }),
  };
}

function endFact(stage: StageState, leg: { leg?: string }, end: End): Fact {
  const place = { stage: stage.plan.id, ...leg };
  switch (end.status) {
    case "Completed":
      return { type: "StageCompleted", ...place };
    case "Failed":
      return {
        type: "StageFailed",
        ...place,
        reason: end.reason,
        ...(stage.plan.continueOnError && { tolerated: true }),
      };
    case "Cancelled":
      return { type: "StageCancelled", ...place, reason: end.reason };
  }
}
