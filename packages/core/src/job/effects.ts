import type { AttemptRef, Deadline } from "@aither/protocol";
import { unreachable } from "../assert.ts";
import { cleanUpMs } from "../schedule/limits.ts";
import { deadlineIn } from "../time.ts";
import type { Effect } from "./input.ts";
import { hasEnded, theScript, theStage } from "./look.ts";
import type { JobState, ScriptRecord } from "./state.ts";

/**
 * Everything the world owes this state: nothing of it is new or old, it is what shall be the case. Whoever does it
 * compares with what is under way (by `effectId`), does what is missing and forgets what is no longer listed.
 * A timer stays listed after it went off, as long as what it is for has not happened; it must not go off twice.
 */
export function effects(state: JobState): Effect[] {
  if (hasEnded(state)) return [];
  if (state.status === "Queued") return whileQueued(state);
  const due: Effect[] = [];
  for (const key of state.active) addScript(due, state, theScript(state, key));
  addLimit(due, state, { name: "job", deadline: state.deadline });
  for (const id of state.openStages) {
    const { deadline } = theStage(state, id);
    addLimit(due, state, { name: `stage:${id}`, deadline });
  }
  if (state.cancel !== null) {
    addTimer(due, state, { name: "cancel", deadline: state.cancel.deadline });
  }
  return due;
}

function whileQueued(state: JobState): Effect[] {
  const { startAtMs } = state.options;
  if (startAtMs === undefined) return [];
  return [{ is: "timer", jobId: state.id, timer: "start", at: { clock: "wall", atMs: startAtMs } }];
}

/** A stable name: the same while the world owes the same. */
export function effectId(effect: Effect): string {
  switch (effect.is) {
    case "ensure": {
      const wanted = effect.mayStart || effect.started ? "" : ":withdrawn";
      return `${effect.ref.jobId}/ensure:${attemptName(effect.ref)}${wanted}`;
    }
    case "signal":
      return `${effect.ref.jobId}/signal:${attemptName(effect.ref)}:${effect.rung}`;
    case "freeze":
      return `${effect.ref.jobId}/${effect.frozen ? "freeze" : "thaw"}:${attemptName(effect.ref)}`;
    case "timer":
      return `${effect.jobId}/timer:${effect.timer}`;
    default:
      return unreachable(effect);
  }
}

function addScript(due: Effect[], state: JobState, record: ScriptRecord): void {
  const { state: script, plan } = record;
  const ref: AttemptRef = {
    jobId: state.id,
    script: plan.key,
    attempt: record.attempts.length,
  };
  switch (script.is) {
    case "scheduled":
      due.push({ is: "ensure", ref, mayStart: script.stop === null, started: false, bootId: script.bootId });
      return;
    case "running":
      due.push({ is: "ensure", ref, mayStart: false, started: true, bootId: null });
      if (script.mayBeFrozen && script.stop === null) {
        due.push({ is: "freeze", ref, handle: script.handle, frozen: state.frozenAt !== null });
      }
      if (script.deadline !== null && state.frozenAt === null) {
        const name = `deadline:${attemptName(ref)}`;
        addTimer(due, state, { name, deadline: script.deadline });
      }
      return;
    case "terminating": {
      const { handle, signal, rung } = script;
      due.push({ is: "ensure", ref, mayStart: false, started: true, bootId: null });
      due.push({ is: "signal", ref, handle, signal, rung });
      if (!script.killing) {
        const name = `stop:${attemptName(ref)}:${rung}`;
        addTimer(due, state, { name, deadline: script.killAt });
      }
      return;
    }
    case "waiting":
      due.push({
        is: "timer",
        jobId: state.id,
        timer: `retry:${attemptName(ref)}`,
        at: { clock: "wall", atMs: script.retryAtMs },
      });
      return;
    case "interrupted":
    case "pending":
    case "completed":
    case "failed":
    case "skipped":
    case "cancelled":
      return;
    default:
      unreachable(script);
  }
}

/** A time limit wakes us twice: when it is over, and when the time for cleaning up after it is over too. */
function addLimit(
  due: Effect[],
  state: JobState,
  { name, deadline }: { name: string; deadline: Deadline | null },
): void {
  if (deadline === null || state.frozenAt !== null) return;
  addTimer(due, state, { name, deadline });
  addTimer(due, state, { name: `${name}:clean-up`, deadline: deadlineIn(deadline, cleanUpMs) });
}

function addTimer(due: Effect[], state: JobState, { name, deadline }: { name: string; deadline: Deadline }): void {
  due.push({ is: "timer", jobId: state.id, timer: name, at: { clock: "running", deadline } });
}

function attemptName(ref: AttemptRef): string {
  return `${ref.script}#${ref.attempt}`;
}
