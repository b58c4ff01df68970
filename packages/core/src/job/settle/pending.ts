import type { Fact, FactOf, Instant, SkipKind } from "@aither/protocol";
import { deadlineIn } from "../../time.ts";
import { stageVerdict } from "../context.ts";
import { openBefore, standingOf } from "../graph.ts";
import { stageHalt } from "../halt.ts";
import { groupOf, legsOf, partsOf, stageEnded, theStage } from "../look.ts";
import type { JobState, StageState } from "../state.ts";
import { expandStage } from "../../plan/expand.ts";
import { decidesItself } from "../status-functions.ts";

/**
 * What must follow for a stage whose turn has not come, or is just coming. `isFull`: as many stages run already as the
 * plan's `maxConcurrency` allows.
 */
export function settlePending(
  state: JobState,
  { stage, isFull }: { stage: StageState; isFull: boolean },
  now: Instant,
): Fact | null {
  if (stage.plan.decision === "skip") {
    return skip(stage, { kind: "condition", reason: stage.plan.reason });
  }
  const halt = stageHalt(state, stage, now);
  if (halt !== null) {
    return halt.cause === "timeout"
      ? skip(stage, { kind: "timeout", reason: halt.reason })
      : { type: "StageCancelled", stage: stage.plan.id, reason: halt.reason };
  }
  const group = groupOf(state, stage);
  if (group !== undefined && stageEnded(group)) return skip(stage, withGroup(group));
  if (group?.status === "Pending" || openBefore(state, stage).length > 0) return null;
  return refusal(state, stage) ?? legsKnown(state, stage) ?? start(state, { stage, isFull }, now);
}

/** A group that never began takes its parts with it. */
function withGroup(group: StageState): { kind: SkipKind; reason: string } {
  const verb = group.status === "Skipped" ? "was skipped" : group.status === "Cancelled" ? "was cancelled" : "failed";
  return { kind: group.skip ?? "dependency", reason: `\`${group.plan.name}\` ${verb}, and this is a part of it` };
}

/** Its needs and its condition, in this order: GitHub's implied success() comes before what the condition says. */
function refusal(state: JobState, stage: StageState): Fact | null {
  if (!decidesItself(stage.plan)) {
    const { failed, skipped } = standingOf(state, stage);
    if (failed !== null) return skip(stage, dependency(state, stage, failed));
    if (skipped !== null) {
      const name = theStage(state, skipped).plan.name;
      const chain = stage.plan.needs.includes(skipped) ? "this needs it" : "what this needs needs it";
      return skip(stage, { kind: "dependency", reason: `\`${name}\` was skipped, and ${chain}` });
    }
  }
  if (stage.plan.condition === null) return null;
  const verdict = stageVerdict(state, stage);
  switch (verdict.is) {
    case "yes":
      return null;
    case "no":
      return skip(stage, {
        kind: "condition",
        reason: `its condition is false: ${stage.plan.condition}`,
      });
    case "error":
      return failed(stage, `its condition cannot be decided: ${verdict.failure.message}`);
  }
}

function dependency(state: JobState, stage: StageState, failed: string): { kind: SkipKind; reason: string } {
  const root = theStage(state, failed);
  const verb = root.status === "Cancelled" ? "was cancelled" : "failed";
  const relation = stage.plan.needs.includes(failed) ? "this needs it" : "this comes after it";
  return { kind: "dependency", reason: `\`${root.plan.name}\` ${verb}, and ${relation}` };
}

/** What an earlier output was to tell is known by now: it becomes a fact, so that nobody has to ask again. */
function legsKnown(state: JobState, stage: StageState): Fact | null {
  if (stage.plan.group !== undefined) return null;
  if (stage.legs === null) {
    const made = expandStage(state, stage);
    return made.ok ? { type: "StageExpanded", stage: stage.plan.id, legs: [...made.legs] } : failed(stage, made.reason);
  }
  if (stage.openLegs.length > 0) return null;
  return skip(stage, { kind: "condition", reason: "its matrix has no cells" });
}

/** Nothing starts while paused, except what has nothing left to start: so that such a job can end. */
function start(state: JobState, { stage, isFull }: { stage: StageState; isFull: boolean }, now: Instant): Fact | null {
  const isGroup = stage.plan.group !== undefined;
  if (state.status === "Paused" && (isGroup || hasWork(stage))) return null;
  if ((isFull && !isGroup) || groupIsFull(state, stage)) return null;
  const { id, timeoutMs } = stage.plan;
  return {
    type: "StageStarted",
    stage: id,
    ...(timeoutMs !== null && { deadline: deadlineIn(now, timeoutMs) }),
  };
}

/** As many parts of its group run as may run at once. */
function groupIsFull(state: JobState, stage: StageState): boolean {
  const group = groupOf(state, stage);
  if (group === undefined || group.plan.maxParallel === null) return false;
  const running = partsOf(state, group).filter(({ status }) => status === "Running").length;
  return running >= Math.max(1, group.plan.maxParallel);
}

function hasWork(stage: StageState): boolean {
  for (const leg of legsOf(stage)) if (leg.counts.pending > 0) return true;
  return false;
}

function skip(stage: StageState, why: { kind: SkipKind; reason: string }): FactOf<"StageSkipped"> {
  return { type: "StageSkipped", stage: stage.plan.id, kind: why.kind, reason: why.reason };
}

function failed(stage: StageState, reason: string): FactOf<"StageFailed"> {
  return {
    type: "StageFailed",
    stage: stage.plan.id,
    reason,
    ...(stage.plan.continueOnError && { tolerated: true }),
  };
}
