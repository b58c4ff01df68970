import type { Event } from "@aither/protocol";
import { assert, unreachable } from "../assert.ts";
import { queued } from "./fold/queued.ts";
import * as orchestration from "./fold/orchestration.ts";
import * as script from "./fold/script.ts";
import * as stage from "./fold/stage.ts";
import { hasEnded } from "./look.ts";
import type { JobState } from "./state.ts";

/**
 * The fold: a job after one more event. The state it was given stays as it is. Throws an AssertionError when the event
 * cannot follow, because a journal that says so was not written by our rules.
 */
export function evolve(state: JobState | null, event: Event): JobState {
  if (state === null) {
    assert(event.type === "OrchestrationQueued", `a journal begins with its job, not ${event.type}`);
    assert(event.seq === 1, "the first event has seq 1");
    return queued(event);
  }
  assert(event.jobId === state.id, `event of ${event.jobId} in the journal of ${state.id}`);
  assert(event.seq === state.seq + 1, `seq ${event.seq} after ${state.seq}`);
  assert(!hasEnded(state), `${event.type} after the end of ${state.id}`);
  const next = after(state, event);
  return { ...next, seq: event.seq };
}

function after(state: JobState, event: Event): JobState {
  switch (event.type) {
    case "OrchestrationQueued":
      assert(false, "a job is queued once");
      return state;
    case "OrchestrationStarted":
      return orchestration.started(state, event);
    case "OrchestrationPaused":
      return orchestration.paused(state, event);
    case "OrchestrationResumed":
      return orchestration.resumed(state, event);
    case "OrchestrationCancelRequested":
      return orchestration.cancelRequested(state, event);
    case "OrchestrationRecovered":
      return orchestration.recovered(state);
    case "OrchestrationCompleted":
      return orchestration.completed(state, event);
    case "OrchestrationFailed":
      return orchestration.failed(state, event);
    case "OrchestrationCancelled":
      return orchestration.cancelled(state, event);
    case "StageExpanded":
      return stage.expanded(state, event);
    case "StageStarted":
      return stage.stageStarted(state, event);
    case "StageCompleted":
    case "StageFailed":
    case "StageSkipped":
    case "StageCancelled":
      return stage.stageEndedBy(state, event);
    default:
      return afterScript(state, event);
  }
}

function afterScript(state: JobState, event: Extract<Event, { script: string }>): JobState {
  switch (event.type) {
    case "ScriptScheduled":
      return script.scheduled(state, event);
    case "ScriptFenced":
      return script.fenced(state, event);
    case "ScriptStarted":
    case "ScriptAdopted":
      return script.startedOrAdopted(state, event);
    case "ScriptProgressed":
      return script.progressed(state, event);
    case "ScriptTerminating":
      return script.terminating(state, event);
    case "ScriptKilling":
      return script.killing(state, event);
    case "ScriptInterrupted":
      return script.interrupted(state, event);
    case "ScriptRetried":
      return script.retried(state, event);
    case "ScriptExpanded":
      return script.expanded(state, event);
    case "ScriptOutputSet":
      return script.outputSet(state, event);
    case "ScriptCompleted":
      return script.completed(state, event);
    case "ScriptFailed":
      return script.failed(state, event);
    case "ScriptSkipped":
      return script.skipped(state, event);
    case "ScriptCancelled":
      return script.cancelled(state, event);
    default:
      return unreachable(event);
  }
}
