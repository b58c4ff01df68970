import type { ProblemCode } from "@aither/protocol";
import { unreachable } from "../assert.ts";
import type { JobCommand, SkipTarget } from "./input.ts";
import { hasEnded, scriptEnded, scriptOf, stageEnded, stageOf } from "./look.ts";
import type { JobState } from "./state.ts";

export type Refusal = { readonly code: ProblemCode; readonly detail: string };

/**
 * Why a command is not possible now; null when it is. A verb that has been obeyed already (pausing what is paused,
 * skipping what was skipped) is possible and means nothing: `decide` answers it with no facts.
 */
export function check(state: JobState, command: JobCommand): Refusal | null {
  if (hasEnded(state)) return checkEnded(state, command);
  switch (command.is) {
    case "cancel":
      return null;
    case "pause":
      if (state.status === "Queued") return refuse("JOB_STATE", `job #${state.number} has not started yet`);
      return state.status === "Cancelling" ? refuse("JOB_STATE", `job #${state.number} is being cancelled`) : null;
    case "resume":
      return state.status === "Cancelling" ? refuse("JOB_STATE", `job #${state.number} is being cancelled`) : null;
    case "skip":
      return checkSkip(state, command.target);
    default:
      return unreachable(command);
  }
}

/** Cancelling a cancelled job has been obeyed; anything else comes too late. */
function checkEnded(state: JobState, command: JobCommand): Refusal | null {
  if (command.is === "cancel" && state.status === "Cancelled") return null;
  return refuse("JOB_ENDED", `job #${state.number} has ended: ${state.status}`);
}

function checkSkip(state: JobState, target: SkipTarget): Refusal | null {
  if ("stage" in target) {
    const stage = stageOf(state, target.stage);
    if (stage === undefined) return unknown(state, `stage ${target.stage}`);
    if (!stageEnded(stage) || stage.status === "Skipped") return null;
    return refuse("JOB_STATE", `stage \`${stage.plan.name}\` has ended: ${stage.status}`);
  }
  const record = scriptOf(state, target.script);
  if (record === undefined) return unknown(state, `script ${target.script}`);
  if (!scriptEnded(record.state) || record.state.is === "skipped") return null;
  return refuse("JOB_STATE", `script \`${record.plan.name}\` has ended: ${record.state.is}`);
}

function unknown(state: JobState, what: string): Refusal {
  return refuse("STAGE_OR_SCRIPT_NOT_FOUND", `job #${state.number} has no ${what}`);
}

function refuse(code: ProblemCode, detail: string): Refusal {
  return { code, detail };
}
