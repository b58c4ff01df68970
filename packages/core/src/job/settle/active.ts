import type { Fact, Failure, Instant } from "@aither/protocol";
import { unreachable } from "../../assert.ts";
import { deadlinePassed, spanText } from "../../time.ts";
import { interruptionsMax } from "../../schedule/limits.ts";
import { scriptHalt, type Halt } from "../halt.ts";
import { retryOrFail } from "../retry.ts";
import type { JobState, ScriptRecord, ScriptState } from "../state.ts";
import { nextRung, stopFact } from "../stop.ts";

/** What must follow for a script that is under way. */
export function settleActive(state: JobState, record: ScriptRecord, now: Instant): Fact | null {
  const script = record.state;
  switch (script.is) {
    case "scheduled": {
      const halt = script.stop === null ? scriptHalt(state, record, now) : null;
      return halt === null ? null : stopFact(record, halt, now);
    }
    case "running":
      return settleRunningScript(state, { record, script }, now);
    case "terminating":
      return nextRung(record, script, now);
    case "waiting": {
      const halt = scriptHalt(state, record, now);
      return halt === null ? null : endHalted(record, { halt, failure: script.after }, now);
    }
    case "interrupted":
      return settleInterrupted(state, { record, script }, now);
    case "pending":
    case "completed":
    case "failed":
    case "skipped":
    case "cancelled":
      return null;
    default:
      return unreachable(script);
  }
}

function settleRunningScript(
  state: JobState,
  { record, script }: { record: ScriptRecord; script: ScriptState & { is: "running" } },
  now: Instant,
): Fact | null {
  if (script.stop !== null) return stopFact(record, script.stop, now);
  const halt = scriptHalt(state, record, now);
  // A time limit waits for the first sight of the process: it may have ended in time while no daemon looked.
  if (halt !== null && (script.confirmed || halt.cause !== "timeout")) {
    return stopFact(record, halt, now);
  }
  if (script.deadline === null || !script.confirmed || state.frozenAt !== null) return null;
  if (!deadlinePassed(script.deadline, now)) return null;
  const reason = `it took longer than ${spanText(record.plan.timeoutMs ?? 0)}`;
  return stopFact(record, { cause: "timeout", reason }, now);
}

/** What was to be tried again, and shall not be any more. */
function endHalted(record: ScriptRecord, { halt, failure }: { halt: Halt; failure: Failure }, now: Instant): Fact {
  if (halt.cause === "timeout") {
    return retryOrFail(record, { failure, endedAtMs: now.wallMs, halted: true }, now);
  }
  return {
    type: "ScriptCancelled",
    script: record.plan.key,
    attempt: record.attempts.length,
    reason: halt.reason,
  };
}

/**
 * The policy for an attempt that vanished. `resume` runs it again; planning chooses it by itself only for what is
 * `idempotent`, and `fail` for all else. `ask` pauses the job once, and its resume is the answer.
 */
function settleInterrupted(
  state: JobState,
  { record, script }: { record: ScriptRecord; script: ScriptState & { is: "interrupted" } },
  now: Instant,
): Fact | null {
  const failure: Failure = { kind: "interrupted", evidence: script.evidence };
  const halt = scriptHalt(state, record, now);
  if (halt !== null) return endHalted(record, { halt, failure }, now);
  const { key: name } = record.plan;
  const again: Fact = {
    type: "ScriptRetried",
    script: name,
    attempt: script.attempt,
    failure,
    endedAtMs: now.wallMs,
    retryAtMs: now.wallMs,
  };
  const fail = retryOrFail(record, { failure, endedAtMs: now.wallMs, halted: true }, now);
  switch (record.plan.onInterrupted) {
    case "fail":
      return fail;
    case "resume":
      return record.interruptions <= interruptionsMax ? again : fail;
    case "ask":
      // A job that is being cancelled can no longer be asked.
      if (state.status === "Cancelling") return fail;
      if (!script.asked) return ask(record, script.evidence);
      return state.status === "Paused" ? null : again;
    default:
      return unreachable(record.plan.onInterrupted);
  }
}

function ask(record: ScriptRecord, evidence: string): Fact {
  return {
    type: "OrchestrationPaused",
    by: "daemon",
    reason: `\`${record.plan.name}\` was interrupted (${evidence}): resume runs it again, cancel ends the job`,
  };
}
