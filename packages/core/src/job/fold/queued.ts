import type { EventOf, LegPlan, ScriptKey, ScriptPlan, StagePlan } from "@aither/protocol";
import { tableOf } from "../../table.ts";
import { parseTime } from "../../time.ts";
import type { JobState, LegState, ScriptRecord, StageState } from "../state.ts";

/** The first event makes the job. */
export function queued(event: EventOf<"OrchestrationQueued">): JobState {
  const plan = event.plan;
  const scripts = plan.stages.flatMap((stage) => (stage.legs ?? []).flatMap((leg) => scriptEntries(stage, leg)));
  const total = scripts.length;
  return {
    id: event.jobId,
    number: event.number,
    name: event.name,
    seq: event.seq,
    status: "Queued",
    reason: "",
    plan,
    options: event.options,
    requestId: event.requestId,
    by: event.by,
    parent: event.parent,
    passedBefore: new Set(event.passedBefore),
    passedOutputs: event.passedOutputs ?? {},
    passedExports: event.passedExports ?? {},
    exporting: false,
    cancel: null,
    frozenAt: null,
    restartRequired: false,
    overdue: false,
    times: { queuedAtMs: parseTime(event.time), startedAtMs: null, endedAtMs: null },
    deadline: null,
    outputs: {},
    stages: tableOf(plan.stages.map((stage) => [stage.id, stageAtFirst(stage)] as const)),
    culprit: null,
    openStages: plan.stages.map((stage) => stage.id),
    scripts: tableOf(scripts),
    active: [],
    slotsTaken: 0,
    counts: { total, pending: total, running: 0, completed: 0, failed: 0, skipped: 0, cancelled: 0 },
  };
}

function stageAtFirst(plan: StagePlan): StageState {
  return {
    plan,
    status: "Pending",
    reason: "",
    skip: null,
    tolerated: false,
    legs: plan.legs === null ? null : legsAtFirst(plan.legs),
    culprit: null,
    openLegs: (plan.legs ?? []).map((leg) => leg.name),
    outputs: {},
    shadow: { failed: null, skipped: null },
    startedAtMs: null,
    endedAtMs: null,
    deadline: null,
  };
}

export function legsAtFirst(legs: readonly LegPlan[]) {
  return tableOf(legs.map((leg) => [leg.name, legAtFirst(leg)] as const));
}

function legAtFirst(plan: LegPlan): LegState {
  return {
    plan,
    status: "Pending",
    reason: "",
    scripts: plan.scripts.map((script) => script.key),
    counts: { pending: plan.scripts.length, active: 0, failed: 0, cancelled: 0, overdue: 0 },
    first: 0,
    culprit: null,
    startedAtMs: null,
    endedAtMs: null,
  };
}

export function scriptEntries(stage: StagePlan, leg: LegPlan): (readonly [ScriptKey, ScriptRecord])[] {
  return leg.scripts.map((plan) => [plan.key, scriptAtFirst({ plan, stage, leg })] as const);
}

export function scriptAtFirst(place: { plan: ScriptPlan; stage: StagePlan; leg: LegPlan }): ScriptRecord {
  return {
    plan: place.plan,
    stage: place.stage.id,
    leg: place.leg.name,
    state: { is: "pending" },
    attempts: [],
    failures: 0,
    fences: 0,
    interruptions: 0,
    outputs: {},
  };
}
