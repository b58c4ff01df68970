import type { Instant, ScriptPlan, StageId, StagePlan, StopCause } from "@aither/protocol";
import { deadlineIn, deadlinePassed, spanText } from "../time.ts";
import { cleanUpMs } from "../schedule/limits.ts";
import { groupsAround, theLeg, theStage } from "./look.ts";
import type { JobState, LegState, ScriptRecord, StageState } from "./state.ts";
import { statusFunctionsOf, type StatusFunction } from "./status-functions.ts";

/** Why something shall stop, or not start any more. `strict`: even what asks to run after a cancel or a failure. */
export type Halt = {
  readonly cause: Exclude<StopCause, "skip">;
  readonly reason: string;
  readonly strict: boolean;
};

/** Which conditions let something run in spite of a halt, as long as it is not strict. */
const excuses: Record<Halt["cause"], readonly StatusFunction[]> = {
  cancel: ["always", "cancelled"],
  "fail-fast": ["always", "cancelled"],
  timeout: ["always", "cancelled", "failure"],
};

/**
 * What stops a stage as a whole; null = it may go on. A stage whose own condition asks to run after a cancel goes on
 * as if nothing had happened, until the time for cleaning up is over.
 */
export function stageHalt(state: JobState, stage: StageState, now: Instant): Halt | null {
  const excused = [stage.plan];
  let part = stage;
  for (const group of groupsAround(state, stage)) {
    const halt = groupHalt(state, { group, part }, now);
    if (halt !== null && !excused.some((plan) => isExcused(plan, halt))) return halt;
    excused.push(group.plan);
    part = group;
  }
  const halt = jobHalt(state, part, now);
  return halt === null || excused.some((plan) => isExcused(plan, halt)) ? null : halt;
}

/** What stops a part of a group: the group's own time limit, or another part that failed. */
function groupHalt(
  state: JobState,
  { group, part }: { group: StageState; part: StageState },
  now: Instant,
): Halt | null {
  const late = overdue(state.frozenAt === null ? group.deadline : null, now, {
    what: `the time limit of \`${group.plan.name}\`, ${spanText(group.plan.timeoutMs ?? 0)}, is over`,
  });
  return late ?? groupFailFast(state, { group, part });
}

function groupFailFast(state: JobState, { group, part }: { group: StageState; part: StageState }): Halt | null {
  const { plan } = group;
  // A group has no legs: its culprit is a part.
  const culprit = group.culprit as StageId | null;
  if (!plan.failFast || plan.continueOnError || culprit === null || culprit === part.plan.id) return null;
  if (part.status === "Pending" && comesAfter(part, culprit)) return null;
  const reason = `\`${theStage(state, culprit).plan.name}\` failed, and \`${plan.name}\` is to fail fast`;
  return { cause: "fail-fast", reason, strict: false };
}

/** What stops a leg. */
export function legHalt(state: JobState, place: { stage: StageState; leg: LegState }, now: Instant): Halt | null {
  const { stage, leg } = place;
  return (
    stageHalt(state, stage, now) ??
    overdue(state.frozenAt === null ? stage.deadline : null, now, {
      what: `the stage's time limit of ${spanText(stage.plan.timeoutMs ?? 0)} is over`,
    }) ??
    legFailFast(stage, leg)
  );
}

/** What stops a script; null also when its condition excuses it. */
export function scriptHalt(state: JobState, record: ScriptRecord, now: Instant): Halt | null {
  const stage = theStage(state, record.stage);
  if (isCalm(state, stage)) return null;
  const halt = legHalt(state, { stage, leg: theLeg(stage, record.leg) }, now);
  return halt === null || isExcused(record.plan, halt) ? null : halt;
}

/** Whether a leg is being stopped by a cancel or by fail-fast, as its conditions see it; time plays no part. */
export function isStopped(state: JobState, stage: StageState, leg: LegState): boolean {
  const excused = [stage.plan];
  let part = stage;
  for (const group of groupsAround(state, stage)) {
    const halt = groupFailFast(state, { group, part });
    if (halt !== null && !excused.some((plan) => isExcused(plan, halt))) return true;
    excused.push(group.plan);
    part = group;
  }
  const halt =
    state.cancel === null ? jobFailFast(state, part) : { cause: "cancel" as const, reason: "", strict: false };
  if (halt !== null && !excused.some((plan) => isExcused(plan, halt))) return true;
  return legFailFast(stage, leg) !== null;
}

/** True when nothing at all could stop a stage: asked for every active script after every event, so it must be quick. */
function isCalm(state: JobState, stage: StageState): boolean {
  return (
    state.cancel === null &&
    state.deadline === null &&
    stage.deadline === null &&
    state.culprit === null &&
    stage.culprit === null &&
    (stage.plan.within === undefined || isCalm(state, theStage(state, stage.plan.within)))
  );
}

export function isExcused(plan: StagePlan | ScriptPlan, halt: Halt): boolean {
  if (halt.strict) return false;
  const calls = statusFunctionsOf(plan);
  return excuses[halt.cause].some((name) => calls.has(name));
}

function jobHalt(state: JobState, stage: StageState, now: Instant): Halt | null {
  const { cancel } = state;
  if (cancel !== null) {
    return {
      cause: "cancel",
      reason: cancel.reason ?? `the job was cancelled by ${cancel.by}`,
      strict: cancel.force || deadlinePassed(cancel.deadline, now),
    };
  }
  return (
    overdue(state.frozenAt === null ? state.deadline : null, now, {
      what: `the job's time limit of ${spanText(state.plan.timeoutMs ?? 0)} is over`,
    }) ?? jobFailFast(state, stage)
  );
}

function overdue(deadline: JobState["deadline"], now: Instant, { what }: { what: string }): Halt | null {
  if (deadline === null || !deadlinePassed(deadline, now)) return null;
  const strict = deadlinePassed(deadlineIn(deadline, cleanUpMs), now);
  return { cause: "timeout", reason: what, strict };
}

function jobFailFast(state: JobState, stage: StageState): Halt | null {
  if (!state.plan.failFast || state.culprit === null || state.culprit === stage.plan.id) return null;
  const culprit = theStage(state, state.culprit).plan.name;
  const reason = `\`${culprit}\` failed, and the playbook is to fail fast`;
  // Those that come after it anyway are skipped for that reason, which says more.
  if (stage.status === "Pending" && comesAfter(stage, state.culprit)) return null;
  return { cause: "fail-fast", reason, strict: false };
}

function comesAfter(stage: StageState, id: string): boolean {
  return stage.plan.needs.includes(id) || stage.plan.after.includes(id);
}

function legFailFast(stage: StageState, leg: LegState): Halt | null {
  const { culprit, plan } = stage;
  if (!plan.failFast || plan.continueOnError) return null;
  if (culprit === null || culprit === leg.plan.name) return null;
  const reason = `[${culprit}] failed, and the matrix is to fail fast`;
  return { cause: "fail-fast", reason, strict: false };
}
