import type { Failure, StageStatus } from "@aither/protocol";
import { spanText } from "../time.ts";
import { assert } from "../assert.ts";
import { judged, stageJudged } from "./criteria.ts";
import { legsOf, scriptsOf, stagesOf, theScript, theStage } from "./look.ts";
import type { JobState, LegState, ScriptRecord, ScriptState, StageState } from "./state.ts";

/** GitHub's words for how something ended. */
export type Result = "success" | "failure" | "cancelled" | "skipped";

/** What happened, whatever it counts as. */
export function outcomeOf(script: ScriptState): Result {
  switch (script.is) {
    case "completed":
      return "success";
    case "failed":
      return "failure";
    case "cancelled":
      return "cancelled";
    case "skipped":
      return script.kind === "passed-before" ? "success" : "skipped";
    default:
      return "skipped";
  }
}

/** What it counts as: a tolerated failure is a success. */
export function conclusionOf(script: ScriptState): Result {
  return script.is === "failed" && script.tolerated ? "success" : outcomeOf(script);
}

export function resultOf(stage: StageState): Result {
  switch (stage.status) {
    case "Completed":
      return "success";
    case "Failed":
      return stage.tolerated ? "success" : "failure";
    case "Cancelled":
      return "cancelled";
    default:
      return "skipped";
  }
}

export type End = {
  readonly status: Extract<StageStatus, "Completed" | "Failed" | "Cancelled">;
  readonly reason: string;
};

/** How a leg ends whose scripts have all ended. */
export function legEnd(state: JobState, leg: LegState): End {
  const { failed, cancelled, overdue, pending, active } = leg.counts;
  assert(pending === 0 && active === 0, `leg ${leg.plan.name} still has something to do`);
  if (failed > 0 && leg.culprit !== null) {
    const culprit = theScript(state, leg.culprit);
    const more = failed > 1 ? `, and ${failed - 1} more failed` : "";
    return { status: "Failed", reason: `${failureSentence(culprit)}${more}` };
  }
  if (overdue > 0) {
    return { status: "Failed", reason: "a time limit was over before everything had run" };
  }
  if (cancelled > 0) return { status: "Cancelled", reason: reasonOfCancel(state, leg) };
  return { status: "Completed", reason: "" };
}

function reasonOfCancel(state: JobState, leg: LegState): string {
  for (const key of leg.scripts) {
    const script = theScript(state, key).state;
    if (script.is === "cancelled" && script.reason !== undefined) return script.reason;
  }
  return "the job was cancelled";
}

/** How a stage with a matrix ends whose legs have all ended. */
export function matrixEnd(stage: StageState): End {
  const legs = [...legsOf(stage)];
  const failed = legs.filter((leg) => leg.status === "Failed");
  const [first] = failed;
  if (first !== undefined) {
    const others = failed.length > 1 ? `, and ${failed.length - 1} more failed` : "";
    return { status: "Failed", reason: `[${first.plan.name}] ${first.reason}${others}` };
  }
  // Nothing but a time limit skips a leg of a stage that runs.
  const skipped = legs.find((leg) => leg.status === "Skipped");
  if (skipped) return { status: "Failed", reason: skipped.reason };
  const cancelled = legs.find((leg) => leg.status === "Cancelled");
  if (cancelled) return { status: "Cancelled", reason: cancelled.reason };
  return { status: "Completed", reason: "" };
}

/** How a group ends whose parts have all ended. */
export function groupEnd(parts: readonly StageState[]): End {
  const failed = parts.filter((part) => part.status === "Failed" && !part.tolerated);
  const [first, ...others] = failed;
  if (first !== undefined) {
    const more = others.length > 0 ? `, and ${others.length} more failed` : "";
    return { status: "Failed", reason: `\`${first.plan.name}\` failed: ${first.reason}${more}` };
  }
  const overdue = parts.find((part) => part.skip === "timeout");
  if (overdue) return { status: "Failed", reason: overdue.reason };
  const cancelled = parts.find((part) => part.status === "Cancelled");
  if (cancelled) return { status: "Cancelled", reason: cancelled.reason };
  return { status: "Completed", reason: "" };
}

/** What criteria of the stage's own make of its end. */
export function endByCriteria(state: JobState, stage: StageState, end: End): End {
  if (end.status === "Cancelled") return end;
  const verdict = stageJudged(state, stage);
  return verdict === null ? end : { status: verdict.met ? "Completed" : "Failed", reason: verdict.reason };
}

export type JobEnd =
  | { readonly is: "completed"; readonly reason: string }
  | { readonly is: "cancelled" }
  | { readonly is: "failed"; readonly reason: string };

/** How a job ends whose stages have all ended. A cancelled job is cancelled, whatever failed before. */
export function jobEnd(state: JobState): JobEnd {
  if (state.cancel !== null) return { is: "cancelled" };
  const verdict = state.overdue ? null : judged(state);
  if (verdict === null && state.culprit === null && !state.overdue) return { is: "completed", reason: "" };
  const failed = [...stagesOf(state)].filter(
    (stage) => stage.status === "Failed" && !stage.tolerated && stage.plan.within === undefined,
  );
  if (verdict !== null && failed.every(({ plan }) => plan.role === undefined)) {
    return { is: verdict.met ? "completed" : "failed", reason: verdict.reason };
  }
  const [first, ...others] = failed;
  if (first === undefined) {
    return {
      is: "failed",
      reason: `its time limit of ${spanText(state.plan.timeoutMs ?? 0)} was over before everything had run`,
    };
  }
  const names = others.map((stage) => `\`${stage.plan.name}\``).join(", ");
  const more = others.length === 0 ? "" : `; ${names} failed too`;
  const cause = struckByLimit(state) ? `its time limit of ${spanText(state.plan.timeoutMs ?? 0)} was over; ` : "";
  return { is: "failed", reason: `${cause}\`${first.plan.name}\` failed: ${first.reason}${more}` };
}

/** Whether the job's own limit ended a script. The script's failure says how long, and only others could be meant. */
function struckByLimit(state: JobState): boolean {
  const { timeoutMs } = state.plan;
  if (state.overdue || timeoutMs === null) return state.overdue;
  return [...scriptsOf(state)].some(({ plan, stage, state: script }) => {
    if (script.is !== "failed" || script.failure.kind !== "timeout" || script.failure.silent === true) return false;
    const owns = [plan.timeoutMs, theStage(state, stage).plan.timeoutMs];
    return script.failure.afterMs === timeoutMs && !owns.includes(timeoutMs);
  });
}

function failureSentence(record: ScriptRecord): string {
  const { state } = record;
  const failure = state.is === "failed" ? failureText(state.failure) : "failed";
  const tries = record.attempts.filter((tried) => tried.end === "failed").length;
  const after = tries > 1 ? ` (${tries} attempts)` : "";
  return `\`${record.plan.name}\` ${failure}${after}`;
}

/** A failure as the end of a sentence that begins with the script's name. */
export function failureText(failure: Failure): string {
  switch (failure.kind) {
    case "exit":
      return `ended with exit code ${failure.code}`;
    case "signal":
      return `was ended by SIG${failure.signal.replace(/^SIG/, "")}`;
    case "timeout":
      return failure.silent === true
        ? `wrote nothing for ${spanText(failure.afterMs)}`
        : `took longer than ${spanText(failure.afterMs)}`;
    case "spawn":
      return `could not be started: ${failure.message}`;
    case "interrupted":
      return `was interrupted: ${failure.evidence}`;
    case "condition":
      return `has a condition that cannot be decided: ${failure.message}`;
    case "output-limit":
      return `wrote more than ${failure.bytes} bytes`;
    case "executor":
      return `could not be run: ${failure.message}`;
  }
}
