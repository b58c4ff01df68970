import type { EventOf } from "@aither/protocol";
import { assert } from "../../assert.ts";
import { tableSetAll } from "../../table.ts";
import { parseTime } from "../../time.ts";
import { unfrozen } from "../frozen.ts";
import { theScript } from "../look.ts";
import type { JobState, ScriptRecord } from "../state.ts";
import { cleanUpMs } from "../../schedule/limits.ts";

export function started(state: JobState, event: EventOf<"OrchestrationStarted">): JobState {
  assert(state.status === "Queued", `a job that is ${state.status} cannot leave the queue`);
  return {
    ...state,
    status: "Running",
    reason: "",
    deadline: event.deadline ?? null,
    times: { ...state.times, startedAtMs: parseTime(event.time) },
  };
}

/** A pause by the daemon asks a question for every interrupted script that wants to be asked about. */
export function paused(state: JobState, event: EventOf<"OrchestrationPaused">): JobState {
  assert(state.status === "Running" || state.status === "Paused", `a job that is ${state.status} cannot be paused`);
  const frozenAt = state.frozenAt ?? event.frozenAt ?? null;
  return {
    ...changeActive(state, (record) => {
      const script = record.state;
      if (script.is === "interrupted" && record.plan.onInterrupted === "ask") {
        return { ...record, state: { ...script, asked: true } };
      }
      if (script.is !== "running" || frozenAt === null) return record;
      return { ...record, state: { ...script, mayBeFrozen: true } };
    }),
    status: "Paused",
    frozenAt,
    reason: event.reason ?? `${frozenAt === null ? "paused" : "frozen"} by ${event.by}`,
  };
}

export function resumed(state: JobState, event: EventOf<"OrchestrationResumed">): JobState {
  assert(state.status === "Paused", `a job that is ${state.status} cannot be resumed`);
  return { ...unfrozen(state, event.frozenMs), status: "Running", reason: "" };
}

export function cancelRequested(state: JobState, event: EventOf<"OrchestrationCancelRequested">): JobState {
  const requestedAtMs = parseTime(event.time);
  const wallMs = requestedAtMs + cleanUpMs;
  const reason = event.reason ?? state.cancel?.reason;
  return {
    ...unfrozen(state, event.frozenMs),
    status: "Cancelling",
    reason: reason ?? `cancelled by ${event.by}`,
    cancel: {
      by: event.by,
      ...(reason !== undefined && { reason }),
      force: event.force || (state.cancel?.force ?? false),
      requestedAtMs: state.cancel?.requestedAtMs ?? requestedAtMs,
      // A journal that says no deadline gets one by the wall clock: no boot has an empty id.
      deadline: state.cancel?.deadline ?? event.deadline ?? { wallMs, monotonicMs: wallMs, bootId: "" },
    },
  };
}

/** A new daemon has not seen the processes yet, so no time limit may act before it did. */
export function recovered(state: JobState): JobState {
  return changeActive(state, (record) => {
    if (record.state.is === "running") return { ...record, state: { ...record.state, confirmed: false } };
    // What a daemon could not start because it died is no sign that the script cannot be started: the fence that is now
    // to come does not count, however often daemons die.
    return record.state.is === "scheduled" ? { ...record, fences: -1 } : record;
  });
}

export function completed(state: JobState, event: EventOf<"OrchestrationCompleted">): JobState {
  return ended(state, event.time, {
    status: "Completed",
    reason: [event.reason, state.restartRequired ? "a restart of the machine is required" : ""]
      .filter(Boolean)
      .join("; "),
    outputs: event.outputs ?? {},
  });
}

export function failed(state: JobState, event: EventOf<"OrchestrationFailed">): JobState {
  return ended(state, event.time, { status: "Failed", reason: event.reason });
}

export function cancelled(state: JobState, event: EventOf<"OrchestrationCancelled">): JobState {
  return ended(state, event.time, { status: "Cancelled" });
}

function ended(state: JobState, time: string, end: Partial<JobState>): JobState {
  assert(state.openStages.length === 0, "a job ends after its stages");
  assert(state.active.length === 0, "a job ends after its scripts");
  return { ...state, ...end, times: { ...state.times, endedAtMs: parseTime(time) } };
}

/** Changes active records in ways that no count depends on. */
function changeActive(state: JobState, change: (record: ScriptRecord) => ScriptRecord): JobState {
  const changed = state.active.map((key) => [key, change(theScript(state, key))] as const);
  return { ...state, scripts: tableSetAll(state.scripts, changed) };
}
