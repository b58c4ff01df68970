import type { Failure, Json, StageId } from "@aither/protocol";
import {
  evaluateCondition,
  interpolate,
  toText,
  type Context,
  type ExpressionFunction,
  type Value,
} from "@aither/expression";
import { judged, stageJudged } from "./criteria.ts";
import { conclusionOf, outcomeOf, resultOf } from "./conclude.ts";
import { exportsOf, withExported } from "./exports.ts";
import { predecessorsOf, standingOf } from "./graph.ts";
import { isStopped } from "./halt.ts";
import { groupOf, legsOf, partsOf, scriptEnded, scriptsOf, stageOf, theLeg, theScript, theStage } from "./look.ts";
import type { JobState, LegState, ScriptRecord, Shadow, StageState } from "./state.ts";

/** What a condition says. A condition that cannot be decided is a failure of the writer, never a guess of ours. */
export type Verdict =
  | { readonly is: "yes" }
  | { readonly is: "no" }
  | { readonly is: "error"; readonly failure: Failure & { kind: "condition" } };

/** Decides a stage's condition; true when it has none. Its needs have ended. */
export function stageVerdict(state: JobState, stage: StageState): Verdict {
  return verdict(stage.plan.condition, () => stageContext(state, stage));
}

const remembered = new WeakMap<ScriptRecord, { readonly stamp: string; readonly verdict: Verdict }>();

/**
 * Decides a script's condition; true when it has none. A script that waits for a slot is asked after every event, so
 * the answer is remembered for as long as nothing changed that it may depend on.
 */
export function scriptVerdict(state: JobState, record: ScriptRecord): Verdict {
  if (record.plan.condition === null) return { is: "yes" };
  const stamp = stampOf(state, record);
  const before = remembered.get(record);
  if (before?.stamp === stamp) return before.verdict;
  const made = verdict(record.plan.condition, () => scriptContext(state, record));
  remembered.set(record, { stamp, verdict: made });
  return made;
}

/** Within one leg only its status and what ended steps told or exported can change what a condition says. */
function stampOf(state: JobState, record: ScriptRecord): string {
  const stage = theStage(state, record.stage);
  const leg = theLeg(stage, record.leg);
  const { pending, active } = leg.counts;
  const ended = /steps|env/i.test(record.plan.condition ?? "") ? leg.scripts.length - pending - active : 0;
  return `${statusFor(state, record)} ${ended}`;
}

function verdict(condition: string | null, context: () => Context): Verdict {
  if (condition === null) return { is: "yes" };
  const decision = evaluateCondition(condition, context());
  switch (decision.is) {
    case "true":
      return { is: "yes" };
    case "false":
      return { is: "no" };
    case "undecidable":
      return { is: "error", failure: { kind: "condition", message: decision.reason } };
    case "error":
      return { is: "error", failure: { kind: "condition", message: decision.message } };
  }
}

/** What a stage's condition can see. success(), failure() look at all its ancestors, or at the stages named to them. */
export function stageContext(state: JobState, stage: StageState): Context {
  const standing = standingAs(state, stage);
  const cancelled = state.cancel !== null;
  return {
    names: {
      ...common(state, stage),
      job: { status: cancelled ? "cancelled" : standing.failed === null ? "success" : "failure" },
    },
    functions: {
      always: () => true,
      cancelled: () => cancelled,
      success: (ids) =>
        ids.length === 0
          ? !cancelled && standing.failed === null && standing.skipped === null
          : ids.every((id) => resultNamed(state, stage, id) === "success"),
      failure: (ids) =>
        ids.length === 0
          ? !cancelled && standing.failed !== null
          : ids.some((id) => resultNamed(state, stage, id) === "failure"),
    },
    variables: stageVariables(state, stage),
  };
}

/** What follows the work looks at what the work counts as: where a playbook has criteria of its own, they decide. */
function standingAs(state: JobState, stage: StageState): Shadow {
  const standing = standingOf(state, stage);
  const verdict = stage.plan.role === undefined ? null : judged(state);
  if (verdict === null) return standing;
  const isBad = ({ plan, status, tolerated }: StageState): boolean =>
    plan.role !== undefined && status === "Failed" && !tolerated;
  const other = predecessorsOf(stage).find((id) => isBad(theStage(state, id)));
  return verdict.met
    ? { failed: other ?? null, skipped: null }
    : { ...standing, failed: standing.failed ?? stage.plan.id };
}

/** What a script's condition and its late templates can see. success(), failure() look at its own leg so far. */
export function scriptContext(state: JobState, record: ScriptRecord): Context {
  const stage = theStage(state, record.stage);
  const leg = theLeg(stage, record.leg);
  const env = withExported(state, record);
  const status = statusFor(state, record);
  return {
    names: legNames(state, { stage, leg, env, status }),
    functions: statusFunctions(status),
    variables: legVariables(state, stage, leg),
    environment: env,
  };
}

/** What the outputs of a stage are made from: the steps of one leg. */
export function legContext(state: JobState, { stage, leg }: { stage: StageState; leg: LegState }): Context {
  const status = legStatus(state, stage, leg);
  return {
    names: legNames(state, { stage, leg, env: exportsOf(state, leg)?.env ?? {}, status }),
    functions: statusFunctions(status),
    variables: legVariables(state, stage, leg),
  };
}

/** What the outputs of a group are made from: its parts, as GitHub's `jobs` in a called workflow. */
export function groupContext(state: JobState, group: StageState): Context {
  const jobs = partsOf(state, group).map((part) => [localName(part), told(part)] as const);
  const variables = stageVariables(state, group);
  return { names: { ...common(state, group), jobs: Object.fromEntries(jobs) }, variables };
}

function common(state: JobState, stage: StageState): Record<string, Value> {
  const variables = stageVariables(state, stage);
  return {
    ...callerOf(state, stage),
    env: {},
    github: variables["github"] ?? {},
    inputs: variables,
    needs: needsOf(state, stage),
    runner: variables["runner"] ?? {},
    secrets: {},
    steps: {},
    strategy: {},
    matrix: {},
    vars: variables,
    variables,
  };
}

/** What a run has come to by names of scripts, as upstream's conditions speak of it. Only checks ask. */
function resultsOf(state: JobState, stage: StageState): { results?: Value } {
  if (stage.plan.role !== "check") return {};
  const named = (is: ScriptRecord["state"]["is"]): Value =>
    [...scriptsOf(state)]
      .filter((record) => record.state.is === is && record.plan.role === undefined)
      .flatMap(({ plan }) => (plan.number === null ? [plan.name] : [plan.number, plan.name]));
  const completed = named("completed");
  return {
    results: { Completed: completed, Succeeded: completed, Failed: named("failed"), Skipped: named("skipped") },
  };
}

type LegView = {
  readonly stage: StageState;
  readonly leg: LegState;
  readonly env: Readonly<Record<string, string>>;
  readonly status: LegStatus;
};

function legNames(state: JobState, { stage, leg, env, status }: LegView): Record<string, Value> {
  const variables = legVariables(state, stage, leg);
  const legs = [...legsOf(stage)];
  return {
    ...common(state, stage),
    ...resultsOf(state, stage),
    env,
    vars: variables,
    variables,
    inputs: variables,
    matrix: values(leg.plan.matrix),
    strategy: {
      "fail-fast": stage.plan.failFast,
      "job-index": legs.indexOf(leg),
      "job-total": legs.length,
      "max-parallel": stage.plan.maxParallel ?? legs.length,
    },
    job: { status },
    // Walking a leg of thousands of scripts is only worth it for those that ask.
    get steps() {
      return stepsOf(state, leg);
    },
  };
}

function legVariables(state: JobState, stage: StageState, leg: LegState): Record<string, Value> {
  return { ...stageVariables(state, stage), ...values(leg.plan.matrix) };
}

/** A part of a called playbook has that playbook's variables, and none of the caller's. */
function stageVariables(state: JobState, stage: StageState): Record<string, Value> {
  const outer = stage.plan.within === undefined ? state.plan.variables : {};
  const all = { ...values(outer), ...values(stage.plan.variables) };
  const open = Object.entries(all).filter(([, value]) => typeof value === "string" && value.includes("${{"));
  if (open.length === 0) return all;
  const names = { ...callerOf(state, stage), needs: needsOf(state, stage) };
  for (const [name, text] of open) {
    const made = interpolate(text as string, { names });
    if (made.is === "value") all[name] = made.value;
  }
  return all;
}

/** What a caller hands in may speak of what the caller needs: `${{ caller.needs.x.outputs.y }}`, as planning writes it. */
function callerOf(state: JobState, stage: StageState): Record<string, Value> {
  const group = groupOf(state, stage);
  if (group === undefined) return { caller: {} };
  // The group of a cell stands within that of the call.
  if (Object.keys(group.plan.group?.matrix ?? {}).length > 0) return callerOf(state, group);
  return { caller: { ...callerOf(state, group), needs: needsOf(state, group) } };
}

/** By what its neighbours speak of a stage: its id without that of the group around. */
function localName({ plan: { id, within } }: StageState): string {
  return within === undefined ? id : id.slice(within.length + 1);
}

function told(stage: StageState): Value {
  return { result: resultOf(stage), outputs: values(stage.outputs) };
}

function statusFunctions(status: LegStatus): Record<string, ExpressionFunction> {
  return {
    always: () => true,
    cancelled: () => status === "cancelled",
    success: () => status === "success",
    failure: () => status === "failure",
  };
}

type LegStatus = "success" | "failure" | "cancelled";

/** What follows a stage's work in its only leg goes by what that counts as, where the stage has criteria of its own. */
function statusFor(state: JobState, record: ScriptRecord): LegStatus {
  const stage = theStage(state, record.stage);
  const leg = theLeg(stage, record.leg);
  const status = legStatus(state, stage, leg);
  const follows = record.plan.role !== undefined && stage.plan.successCriteria !== undefined && leg.plan.name === "";
  const verdict = follows && status !== "cancelled" && hasWorked(state, leg) ? stageJudged(state, stage) : null;
  return verdict === null ? status : verdict.met ? "success" : "failure";
}

/** All that is the playbook's own in a leg has ended. */
function hasWorked(state: JobState, leg: LegState): boolean {
  return leg.scripts.every((key) => {
    const { plan, state: script } = theScript(state, key);
    return plan.role !== undefined || scriptEnded(script);
  });
}

/** As its scripts see it. In a stage that goes on after a cancel because it asked to, nothing was cancelled. */
function legStatus(state: JobState, stage: StageState, leg: LegState): LegStatus {
  if (isStopped(state, stage, leg) || leg.counts.cancelled > 0) return "cancelled";
  return leg.counts.failed + leg.counts.overdue > 0 ? "failure" : "success";
}

/** Steps that have an id and an end. */
function stepsOf(state: JobState, leg: LegState): Record<string, Value> {
  const steps: Record<string, Value> = {};
  for (const key of leg.scripts) {
    const record = theScript(state, key);
    if (record.plan.id === null || !scriptEnded(record.state)) continue;
    steps[record.plan.id] = {
      outputs: record.outputs,
      outcome: outcomeOf(record.state),
      conclusion: conclusionOf(record.state),
    };
  }
  return steps;
}

function needsOf(state: JobState, stage: StageState): Record<string, Value> {
  const needs: Record<string, Value> = {};
  for (const id of predecessorsOf(stage)) {
    const need = theStage(state, id);
    needs[localName(need)] = told(need);
  }
  return needs;
}

function resultNamed(state: JobState, { plan: { within } }: StageState, id: Value): string | null {
  const name = within === undefined ? toText(id) : `${within}/${toText(id)}`;
  const stage = stageOf(state, name as StageId);
  return stage === undefined ? null : resultOf(stage);
}

/** Plain JSON is made of values of the expression language; the compiler cannot see it through the recursion. */
function values(json: Readonly<Record<string, Json>>): Record<string, Value> {
  return json as Record<string, Value>;
}
