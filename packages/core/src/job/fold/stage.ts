import type { EventOf, LegName, SkipKind } from "@aither/protocol";
import { assert } from "../../assert.ts";
import { tableAdd } from "../../table.ts";
import { parseTime } from "../../time.ts";
import { predecessorsEnded, standingOf } from "../graph.ts";
import { groupOf, legsOf, partsOf, stageEnded, theLeg, theStage } from "../look.ts";
import type { JobState, LegState, Shadow, StageState } from "../state.ts";
import { endUnstarted, putLeg, putStage } from "./put.ts";
import { legsAtFirst, scriptEntries } from "./queued.ts";

export function expanded(state: JobState, event: EventOf<"StageExpanded">): JobState {
  const stage = theStage(state, event.stage);
  assert(stage.legs === null, `stage ${event.stage} has its legs already`);
  const scripts = event.legs.flatMap((leg) => scriptEntries(stage.plan, leg));
  const { total, pending } = state.counts;
  const next = putStage(state, {
    ...stage,
    legs: legsAtFirst(event.legs),
    openLegs: event.legs.map((leg) => leg.name),
  });
  return {
    ...next,
    scripts: tableAdd(state.scripts, scripts),
    counts: { ...state.counts, total: total + scripts.length, pending: pending + scripts.length },
  };
}

/** A stage's own start also starts its only leg when that has no name: no fact of its own will. */
export function stageStarted(state: JobState, event: EventOf<"StageStarted">): JobState {
  const stage = theStage(state, event.stage);
  const startedAtMs = parseTime(event.time);
  if (event.leg !== undefined) {
    const leg = theLeg(stage, event.leg);
    assert(stage.status === "Running", `stage ${event.stage} starts before its legs`);
    assert(leg.status === "Pending", `leg ${event.leg} starts once`);
    return putLeg(state, stage, { ...leg, status: "Running", startedAtMs });
  }
  assert(stage.status === "Pending", `stage ${event.stage} starts once`);
  assert(predecessorsEnded(state, stage), `stage ${event.stage} starts after its needs`);
  const group = groupOf(state, stage);
  assert(group === undefined || group.status === "Running", `stage ${event.stage} starts within its group`);
  const next: StageState = {
    ...stage,
    status: "Running",
    startedAtMs,
    deadline: event.deadline ?? null,
  };
  const only = onlyLeg(stage);
  return only === null ? putStage(state, next) : putLeg(state, next, { ...only, status: "Running", startedAtMs });
}

type End = {
  readonly status: "Completed" | "Failed" | "Skipped" | "Cancelled";
  readonly reason: string;
  readonly tolerated: boolean;
  readonly kind: SkipKind | null;
  readonly endedAtMs: number;
};
type StageEnd = EventOf<"StageCompleted" | "StageFailed" | "StageSkipped" | "StageCancelled">;

export function stageEndedBy(state: JobState, event: StageEnd): JobState {
  const stage = theStage(state, event.stage);
  assert(!stageEnded(stage), `stage ${event.stage} ends once`);
  const end = endOf(event);
  if (event.leg !== undefined) return legEnds(state, stage, { name: event.leg, end });
  const outputs = event.type === "StageCompleted" ? (event.outputs ?? {}) : {};
  return stageEnds(state, { ...stage, outputs }, end);
}

function endOf(event: StageEnd): End {
  const plain = { tolerated: false, kind: null, endedAtMs: parseTime(event.time) };
  switch (event.type) {
    case "StageCompleted":
      return { ...plain, status: "Completed", reason: event.reason ?? "" };
    case "StageFailed":
      return {
        ...plain,
        status: "Failed",
        reason: event.reason,
        tolerated: event.tolerated ?? false,
      };
    case "StageSkipped":
      return {
        ...plain,
        status: "Skipped",
        reason: event.reason,
        kind: event.kind ?? "dependency",
      };
    case "StageCancelled":
      return { ...plain, status: "Cancelled", reason: event.reason ?? "" };
  }
}

function legEnds(state: JobState, stage: StageState, { name, end }: { name: LegName; end: End }): JobState {
  const leg = theLeg(stage, name);
  assert(!stageEnded(leg), `leg ${name} of ${stage.plan.id} ends once`);
  const closed = closeLeg(state, leg, end);
  const next: StageState = {
    ...stage,
    openLegs: stage.openLegs.filter((open) => open !== name),
    culprit: stage.culprit ?? (end.status === "Failed" && !end.tolerated ? name : null),
  };
  return putLeg(closed.state, next, closed.leg);
}

function stageEnds(before: JobState, stage: StageState, end: End): JobState {
  const neverRan = stage.status === "Pending";
  let state = before;
  let next = stage;
  for (const leg of legsOf(stage)) {
    if (stageEnded(leg)) continue;
    assert(neverRan || leg.plan.name === "", `stage ${stage.plan.id} ends after its legs`);
    const closed = closeLeg(state, leg, end);
    state = putLeg(closed.state, next, closed.leg);
    next = theStage(state, stage.plan.id);
  }
  const { id, within } = stage.plan;
  assert(neverRan || partsOf(state, stage).every(stageEnded), `stage ${id} ends after its parts`);
  const failed = end.status === "Failed" && !end.tolerated;
  if (within !== undefined && failed) {
    const group = theStage(state, within);
    state = putStage(state, { ...group, culprit: group.culprit ?? id });
  }
  const overdue = end.status === "Skipped" && end.kind === "timeout";
  return {
    ...putStage(state, {
      ...next,
      status: end.status,
      reason: end.reason,
      tolerated: end.tolerated,
      skip: end.kind,
      shadow: shadowOf(state, { stage: next, end }),
      openLegs: [],
      endedAtMs: end.endedAtMs,
    }),
    openStages: state.openStages.filter((open) => open !== id),
    // What a part of a group means for the job, its group says.
    culprit: state.culprit ?? (failed && within === undefined ? id : null),
    overdue: state.overdue || (overdue && within === undefined),
  };
}

/** A leg that never ran takes its scripts with it; one that ran has ended them all before. */
function closeLeg(state: JobState, leg: LegState, end: End): { state: JobState; leg: LegState } {
  assert(leg.counts.active === 0, `leg ${leg.plan.name} ends after its scripts`);
  const closed: LegState = {
    ...leg,
    status: end.status,
    reason: end.reason,
    endedAtMs: end.endedAtMs,
  };
  if (leg.counts.pending === 0) return { state, leg: closed };
  assert(leg.status === "Pending", `leg ${leg.plan.name} ends with scripts left over`);
  assert(end.status !== "Completed", `leg ${leg.plan.name} completes without running`);
  return end.status === "Cancelled"
    ? endUnstarted(state, closed, { is: "cancelled", reason: end.reason })
    : endUnstarted(state, closed, {
        is: "skipped",
        kind: end.kind ?? "dependency",
        reason: end.reason,
      });
}

function shadowOf(state: JobState, { stage, end }: { stage: StageState; end: End }): Shadow {
  const id = stage.plan.id;
  const inherited = standingOf(state, stage);
  const failed = (end.status === "Failed" && !end.tolerated) || end.status === "Cancelled";
  return {
    failed: failed ? id : inherited.failed,
    skipped: end.status === "Skipped" ? id : inherited.skipped,
  };
}

/** The leg without a name, of a stage without a matrix. */
export function onlyLeg(stage: StageState): LegState | null {
  const [first, ...others] = legsOf(stage);
  return first !== undefined && others.length === 0 && first.plan.name === "" ? first : null;
}
