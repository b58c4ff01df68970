import type { Fact, FactOf, Instant, LegPlan, SkipKind } from "@aither/protocol";
import { present } from "../../assert.ts";
import { scriptVerdict } from "../context.ts";
import { isExcused, legHalt, type Halt } from "../halt.ts";
import { scriptEnded, theScript } from "../look.ts";
import { parallelMax } from "../../schedule/limits.ts";
import type { JobState, LegState, ScriptRecord, StageState } from "../state.ts";
import { decidesItself } from "../status-functions.ts";

/**
 * What must follow in a leg that has scripts left. Afterwards every pending script whose turn has come may start: that
 * is what `ready` relies on.
 */
export function settleLeg(state: JobState, place: { stage: StageState; leg: LegState }, now: Instant): Fact | null {
  const { leg, stage } = place;
  if (leg.counts.pending === 0) return null;
  return (
    sweep(state, leg, legHalt(state, place, now)) ??
    (mayRefuse(state, leg) ? settleTurn(state, { leg, parallel: parallelOf(stage) }, now) : null)
  );
}

/** After a failure or a stop, what will not run any more ends at once, wherever it stands in the leg. */
function sweep(state: JobState, leg: LegState, halt: Halt | null): Fact | null {
  if (halt === null && leg.culprit === null) return null;
  for (const record of pendingOf(state, leg)) {
    if (halt !== null && !isExcused(record.plan, halt)) return halted(record, halt);
    if (leg.culprit !== null && !decidesItself(record.plan)) {
      const culprit = theScript(state, leg.culprit).plan.name;
      return skip(record, { kind: "dependency", reason: `\`${culprit}\` failed before it` });
    }
  }
  return null;
}

/** The scripts whose turn has come: as many as may run at once, in written order. */
function settleTurn(
  state: JobState,
  { leg, parallel }: { leg: LegState; parallel: number },
  now: Instant,
): Fact | null {
  let room = parallel - leg.counts.active;
  for (const record of nextOf(state, leg)) {
    if (room <= 0) return null;
    const fact = refusal(state, record, now);
    if (fact !== null) return fact;
    room -= 1;
  }
  return null;
}

const conditional = new WeakMap<LegPlan, boolean>();

/** False for a leg of plain scripts, so that thousands of them are not looked at after every event. */
function mayRefuse(state: JobState, { plan, scripts }: LegState): boolean {
  // Scripts that came at run time are not in the plan.
  if (state.passedBefore.size > 0 || scripts.length !== plan.scripts.length) return true;
  let found = conditional.get(plan);
  if (found === undefined) {
    found = plan.scripts.some((script) => script.condition !== null);
    conditional.set(plan, found);
  }
  return found;
}

/** How many scripts of a leg may be under way at once. */
export function parallelOf(stage: StageState): number {
  return Math.min(parallelMax, Math.max(1, stage.plan.parallel));
}

function refusal(state: JobState, record: ScriptRecord, now: Instant): Fact | null {
  if (state.passedBefore.has(record.plan.key)) {
    return skip(record, { kind: "passed-before", reason: "it is left as it was in the job that is retried" });
  }
  const { condition } = record.plan;
  if (condition === null) return null;
  const verdict = scriptVerdict(state, record);
  switch (verdict.is) {
    case "yes":
      return null;
    case "no":
      return skip(record, { kind: "condition", reason: record.plan.reason ?? `its condition is false: ${condition}` });
    case "error":
      return conditionFailure(record, verdict.failure, now);
  }
}

/** It was never tried: the failure is that of the attempt that would have come. */
function conditionFailure(
  record: ScriptRecord,
  failure: FactOf<"ScriptFailed">["failure"],
  now: Instant,
): FactOf<"ScriptFailed"> {
  return {
    type: "ScriptFailed",
    script: record.plan.key,
    attempt: record.attempts.length + 1,
    failure,
    endedAtMs: now.wallMs,
    ...(record.plan.continueOnError && { tolerated: true }),
  };
}

function halted(record: ScriptRecord, halt: Halt): Fact {
  return halt.cause === "timeout"
    ? skip(record, { kind: "timeout", reason: halt.reason })
    : { type: "ScriptCancelled", script: record.plan.key, reason: halt.reason };
}

function skip(record: ScriptRecord, why: { kind: SkipKind; reason: string }): FactOf<"ScriptSkipped"> {
  return { type: "ScriptSkipped", script: record.plan.key, kind: why.kind, reason: why.reason };
}

/** Pending scripts of a leg in written order; everything before `first` has ended. */
export function* pendingOf(state: JobState, leg: LegState): Iterable<ScriptRecord> {
  for (let place = leg.first; place < leg.scripts.length; place += 1) {
    const record = theScript(state, present(leg.scripts[place], "a place within the leg"));
    if (record.state.is === "pending") yield record;
  }
}

/**
 * Pending scripts that need not wait for others of the leg, in written order: up to the first that runs alone, unless
 * all before it have ended; and none behind one that runs alone and has not ended.
 */
export function* nextOf(state: JobState, leg: LegState): Iterable<ScriptRecord> {
  for (let place = leg.first; place < leg.scripts.length; place += 1) {
    const record = theScript(state, present(leg.scripts[place], "a place within the leg"));
    const alone = record.plan.alone === true && !scriptEnded(record.state);
    if (alone && place > leg.first) return;
    if (record.state.is === "pending") yield record;
    if (alone) return;
  }
}
