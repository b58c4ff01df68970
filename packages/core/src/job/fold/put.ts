import type { Counts, ScriptKey } from "@aither/protocol";
import { assert } from "../../assert.ts";
import { tableGet, tableSet, tableSetAll } from "../../table.ts";
import { scriptEnded, theLeg, theScript, theStage } from "../look.ts";
import type { JobState, LegCounts, LegState, ScriptRecord, ScriptState, StageState } from "../state.ts";

/**
 * The one place where a script's record changes. It keeps what is counted beside the records true: the job's counts,
 * its list of active scripts and slots, and its leg's counts and first open place.
 */
export function putScript(state: JobState, after: ScriptRecord): JobState {
  const key = after.plan.key;
  const before = theScript(state, key);
  const scripts = tableSet(state.scripts, key, after);
  if (before.state === after.state) {
    return { ...touchLeg(state, after), scripts };
  }
  const from = before.state;
  const to = after.state;
  assert(!scriptEnded(from), `${key} has ended as ${from.is} and cannot become ${to.is}`);
  const next: JobState = {
    ...state,
    scripts,
    counts: recount(state.counts, from, to),
    slotsTaken: state.slotsTaken - (holdsSlot(from) ? 1 : 0) + (holdsSlot(to) ? 1 : 0),
    active: activeAfter(state.active, key, { was: isActive(from), is: isActive(to) }),
  };
  return putLeg(next, theStage(state, after.stage), legAfter(next, after, from));
}

/** Puts many scripts that had not started into one end, with the leg they are in; for what never ran. */
export function endUnstarted(
  state: JobState,
  leg: LegState,
  end: ScriptState & { is: "skipped" | "cancelled" },
): { state: JobState; leg: LegState } {
  const ended: [ScriptKey, ScriptRecord][] = [];
  for (const key of leg.scripts) {
    const record = theScript(state, key);
    if (scriptEnded(record.state)) continue;
    assert(record.state.is === "pending", `${key} is ${record.state.is}, so its leg did run`);
    ended.push([key, { ...record, state: end }]);
  }
  const bucket = end.is;
  const counts = leg.counts;
  return {
    state: {
      ...state,
      scripts: tableSetAll(state.scripts, ended),
      counts: {
        ...state.counts,
        pending: state.counts.pending - ended.length,
        [bucket]: state.counts[bucket] + ended.length,
      },
    },
    leg: {
      ...leg,
      first: leg.scripts.length,
      counts: {
        ...counts,
        pending: counts.pending - ended.length,
        cancelled: counts.cancelled + (end.is === "cancelled" ? ended.length : 0),
      },
    },
  };
}

export function putStage(state: JobState, stage: StageState): JobState {
  return { ...state, stages: tableSet(state.stages, stage.plan.id, stage) };
}

export function putLeg(state: JobState, stage: StageState, leg: LegState): JobState {
  assert(stage.legs !== null, `stage ${stage.plan.id} has no legs yet`);
  return putStage(state, { ...stage, legs: tableSet(stage.legs, leg.plan.name, leg) });
}

export function isActive(script: ScriptState): boolean {
  return script.is !== "pending" && !scriptEnded(script);
}

function holdsSlot(script: ScriptState): boolean {
  return script.is === "scheduled" || script.is === "running" || script.is === "terminating";
}

/** Under which heading of `Counts` a script's state falls. */
export function bucketOf(script: ScriptState): Exclude<keyof Counts, "total"> {
  switch (script.is) {
    case "pending":
    case "scheduled":
    case "waiting":
      return "pending";
    case "running":
    case "terminating":
    case "interrupted":
      return "running";
    case "completed":
    case "failed":
    case "skipped":
    case "cancelled":
      return script.is;
  }
}

function recount(counts: Counts, from: ScriptState, to: ScriptState): Counts {
  const left = bucketOf(from);
  const entered = bucketOf(to);
  if (left === entered) return counts;
  return { ...counts, [left]: counts[left] - 1, [entered]: counts[entered] + 1 };
}

function activeAfter(
  active: readonly ScriptKey[],
  key: ScriptKey,
  change: { was: boolean; is: boolean },
): readonly ScriptKey[] {
  if (change.was === change.is) return active;
  return change.is ? [...active, key] : active.filter((other) => other !== key);
}

function legAfter(state: JobState, after: ScriptRecord, from: ScriptState): LegState {
  const leg = theLeg(theStage(state, after.stage), after.leg);
  const to = after.state;
  const failed = to.is === "failed" && !to.tolerated;
  const counts: LegCounts = {
    pending: leg.counts.pending - one(from.is === "pending") + one(to.is === "pending"),
    active: leg.counts.active - one(isActive(from)) + one(isActive(to)),
    failed: leg.counts.failed + one(failed),
    cancelled: leg.counts.cancelled + one(to.is === "cancelled"),
    overdue: leg.counts.overdue + one(to.is === "skipped" && to.kind === "timeout"),
  };
  let first = leg.first;
  while (first < leg.scripts.length) {
    const key = leg.scripts[first];
    const record = key === undefined ? undefined : tableGet(state.scripts, key);
    if (record === undefined || !scriptEnded(record.state)) break;
    first += 1;
  }
  const culprit = leg.culprit ?? (failed ? after.plan.key : null);
  return { ...leg, counts, first, culprit };
}

function one(condition: boolean): number {
  return condition ? 1 : 0;
}

/** A new output may change what a condition in the leg says, so the leg becomes another value too. */
function touchLeg(state: JobState, record: ScriptRecord): JobState {
  const stage = theStage(state, record.stage);
  return putLeg(state, stage, { ...theLeg(stage, record.leg) });
}
