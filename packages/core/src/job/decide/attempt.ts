import type { AttemptRef, CacheNote, Deadline, Fact, Failure, Handle, Instant } from "@aither/protocol";
import { fencesMax, fileClockStepMs } from "../../schedule/limits.ts";
import { scriptHalt } from "../halt.ts";
import type { Observation } from "../input.ts";
import { lastAttempt, scriptOf, theStage } from "../look.ts";
import { retryOrFail } from "../retry.ts";
import { spanText } from "../../time.ts";
import { stopFact } from "../stop.ts";
import type { JobState, ScriptRecord, ScriptState, StopRequest } from "../state.ts";

type Seen<Kind extends Observation["is"]> = Extract<Observation, { is: Kind }>;

export function started(state: JobState, seen: Seen<"started">, now: Instant): Fact[] {
  const record = underWay(state, seen.ref);
  return record?.state.is === "scheduled" ? [startFact(record, seen, now)] : [];
}

export function adopted(state: JobState, seen: Seen<"adopted">, now: Instant): Fact[] {
  const record = underWay(state, seen.ref);
  if (record === null) return [];
  const script = record.state;
  if (script.is === "scheduled") {
    return [{ ...startFact(record, seen, now), type: "ScriptAdopted" }];
  }
  if (script.is !== "running" || script.confirmed) return [];
  const { script: key, attempt } = seen.ref;
  const { deadline } = script;
  return [{ type: "ScriptAdopted", script: key, attempt, handle: script.handle, deadline }];
}

export function exited(state: JobState, seen: Seen<"exited">, now: Instant): Fact[] {
  const record = underWay(state, seen.ref);
  if (record === null) return [];
  const script = record.state;
  switch (script.is) {
    case "scheduled": {
      const start = startFact(record, seen, now);
      return [start, ownEnd(state, { record, seen }, now)];
    }
    case "running":
      return [ownEnd(state, { record, seen }, now)];
    case "terminating": {
      // An exit from before it was asked to stop is its own. One that a tick hides may be the stop's, and counts so.
      if (seen.endedAtMs < script.sinceMs - fileClockStepMs) return [ownEnd(state, { record, seen }, now)];
      const { endedAtMs, leftovers } = seen;
      return [stoppedEnd(state, { record, stop: script, endedAtMs, leftovers }, now)];
    }
    default:
      return [];
  }
}

/** What was asked to stop meanwhile ends as what never started does: files may be there, the result does not count. */
export function restored(state: JobState, seen: Seen<"restored">, now: Instant): Fact[] {
  const record = underWay(state, seen.ref);
  if (record === null || record.state.is !== "scheduled") return [];
  if (record.state.stop !== null) return notStarted(state, { is: "not-started", ref: seen.ref }, now);
  const { exitCode, endedAtMs, outputs, cache } = seen;
  const { script, attempt } = seen.ref;
  const told = Object.keys(outputs).length > 0 && { outputs: { ...outputs } };
  return [{ type: "ScriptCompleted", script, attempt, exitCode, endedAtMs, ...told, cache }];
}

/** It vanished without an exit record. One that was being stopped is gone as it should; else there is a policy. */
export function lost(state: JobState, seen: Seen<"lost">, now: Instant): Fact[] {
  const record = underWay(state, seen.ref);
  if (record === null) return [];
  const script = record.state;
  const { script: key, attempt } = seen.ref;
  if (script.is === "terminating") {
    return [stoppedEnd(state, { record, stop: script, endedAtMs: now.wallMs, leftovers: [] }, now)];
  }
  if (script.is !== "scheduled" && script.is !== "running") return [];
  return [{ type: "ScriptInterrupted", script: key, attempt, evidence: seen.evidence }];
}

/** It never started and never will. What was not to start any more ends so; else it goes back in line, not for ever. */
export function notStarted(state: JobState, seen: Seen<"not-started">, now: Instant): Fact[] {
  const record = underWay(state, seen.ref);
  if (record === null || record.state.is !== "scheduled") return [];
  const { script, attempt } = seen.ref;
  const facts: Fact[] = [{ type: "ScriptFenced", script, attempt }];
  const { stop } = record.state;
  if (stop !== null) {
    facts.push(unstartedEnd(record, stop));
  } else if (record.fences + 1 >= fencesMax) {
    const message = `${fencesMax} attempts in a row were never started`;
    const failure: Failure = { kind: "spawn", message };
    facts.push(retryOrFail(record, { failure, endedAtMs: now.wallMs, halted: true }, now));
  }
  return facts;
}

export function spawnFailed(state: JobState, seen: Seen<"spawn-failed">, now: Instant): Fact[] {
  const record = underWay(state, seen.ref);
  if (record === null || record.state.is !== "scheduled") return [];
  const halted = record.state.stop !== null || scriptHalt(state, record, now) !== null;
  const failure: Failure = { kind: "spawn", message: seen.message };
  return [retryOrFail(record, { failure, endedAtMs: now.wallMs, halted }, now)];
}

export function progressed(state: JobState, seen: Seen<"progressed">): Fact[] {
  const record = underWay(state, seen.ref);
  if (record === null || record.state.is !== "running") return [];
  const { percent, note } = seen;
  const last = record.state.progress;
  if (last !== undefined && last.percent === percent && last.note === note) return [];
  return [
    {
      type: "ScriptProgressed",
      script: seen.ref.script,
      attempt: seen.ref.attempt,
      ...(percent !== undefined && { percent }),
      ...(note !== undefined && { note }),
    },
  ];
}

/** One that stands still, that nobody has seen yet or that is being stopped anyway is not silent by its own doing. */
export function silent(state: JobState, seen: Seen<"silent">, now: Instant): Fact[] {
  const record = underWay(state, seen.ref);
  if (record === null || record.state.is !== "running") return [];
  const { confirmed, stop } = record.state;
  const { noOutputTimeoutMs } = record.plan;
  if (noOutputTimeoutMs === undefined || !confirmed || stop !== null || state.frozenAt !== null) return [];
  const reason = `it wrote nothing for ${spanText(noOutputTimeoutMs)}`;
  return [stopFact(record, { cause: "timeout", reason, silent: true }, now)];
}

/** The record a report speaks of; null when the report is of an attempt that is over, or of nothing we know. */
function underWay(state: JobState, ref: AttemptRef): ScriptRecord | null {
  const record = scriptOf(state, ref.script);
  return record !== undefined && lastAttempt(record) === ref.attempt ? record : null;
}

function startFact(
  record: ScriptRecord,
  { ref, handle, cache }: { ref: AttemptRef; handle: Handle; cache?: CacheNote },
  now: Instant,
): Fact & { type: "ScriptStarted" } {
  const { script, attempt } = ref;
  return {
    type: "ScriptStarted",
    script,
    attempt,
    handle,
    deadline: deadlineOf(record, handle, now),
    ...(cache !== undefined && { cache }),
  };
}

/** The time limit counts from the true start, which a new daemon may see much later. */
function deadlineOf(record: ScriptRecord, handle: Handle, now: Instant): Deadline | null {
  const { timeoutMs } = record.plan;
  if (timeoutMs === null) return null;
  // The wall clock may have been set since, or the machine slept; the monotonic one is right where it is known.
  const isComparable = handle.startedMonotonicMs !== undefined && handle.bootId === now.bootId;
  const sinceMs = isComparable ? now.monotonicMs - (handle.startedMonotonicMs ?? 0) : now.wallMs - handle.startedAtMs;
  const elapsedMs = Math.min(timeoutMs, Math.max(0, sinceMs));
  return {
    wallMs: now.wallMs + timeoutMs - elapsedMs,
    monotonicMs: now.monotonicMs + timeoutMs - elapsedMs,
    bootId: now.bootId,
  };
}

const restartRequiredCode = 3010;

/** The end of an attempt that nobody stopped: its exit code is the truth. */
function ownEnd(state: JobState, { record, seen }: { record: ScriptRecord; seen: Seen<"exited"> }, now: Instant): Fact {
  const { exitCode, signal, endedAtMs, outputs, exports, leftovers, kept } = seen;
  const { script, attempt } = seen.ref;
  const success = exitCode === 0 || exitCode === restartRequiredCode || record.plan.successExitCodes.includes(exitCode);
  if (success) {
    return {
      type: "ScriptCompleted",
      script,
      attempt,
      exitCode,
      endedAtMs,
      ...(Object.keys(outputs).length > 0 && { outputs: { ...outputs } }),
      ...(exports !== undefined && { exports }),
      ...(exitCode === restartRequiredCode && { restartRequired: true }),
      ...(leftovers.length > 0 && { leftovers: [...leftovers] }),
      ...(kept !== undefined && { cache: kept }),
    };
  }
  const failure: Failure =
    signal === null ? { kind: "exit", code: exitCode } : { kind: "signal", signal, code: exitCode };
  const stop = record.state.is === "scheduled" || record.state.is === "running" ? record.state.stop : null;
  const halted = stop !== null || scriptHalt(state, record, now) !== null;
  return retryOrFail(record, { failure, endedAtMs, outputs, exports, leftovers, halted }, now);
}

/** The end of an attempt that was asked to stop: what it counts as is why it was asked. */
function stoppedEnd(
  state: JobState,
  place: {
    record: ScriptRecord;
    stop: ScriptState & { is: "terminating" };
    endedAtMs: number;
    leftovers: readonly number[];
  },
  now: Instant,
): Fact {
  const { record, stop, endedAtMs, leftovers } = place;
  const script = record.plan.key;
  const left = leftovers.length > 0 && { leftovers: [...leftovers] };
  switch (stop.cause) {
    case "cancel":
    case "fail-fast":
      return {
        type: "ScriptCancelled",
        script,
        attempt: stop.attempt,
        endedAtMs,
        ...(stop.reason !== undefined && { reason: stop.reason }),
        ...left,
      };
    case "skip":
      return { type: "ScriptSkipped", script, kind: "requested", reason: stop.reason ?? "", ...left };
    case "timeout": {
      const failure: Failure =
        stop.silent === true
          ? { kind: "timeout", afterMs: record.plan.noOutputTimeoutMs ?? 0, silent: true }
          : { kind: "timeout", afterMs: limitOf(state, place) };
      const halted = scriptHalt(state, record, now) !== null;
      return retryOrFail(record, { failure, endedAtMs, leftovers, halted }, now);
    }
  }
}

/** Which limit was meant: the script's own if it had run so long, else its stage's, else the job's. */
function limitOf(
  state: JobState,
  { record, stop }: { record: ScriptRecord; stop: ScriptState & { is: "terminating" } },
): number {
  const own = record.plan.timeoutMs;
  const ranMs = stop.sinceMs - stop.handle.startedAtMs;
  const { deadline, plan } = theStage(state, record.stage);
  if (own !== null && ranMs >= own) return own;
  if (deadline !== null && deadline.wallMs <= stop.sinceMs) return plan.timeoutMs ?? 0;
  return state.plan.timeoutMs ?? plan.timeoutMs ?? own ?? 0;
}

function unstartedEnd(record: ScriptRecord, stop: StopRequest): Fact {
  const script = record.plan.key;
  const reason = stop.reason ?? "it had not started";
  switch (stop.cause) {
    case "cancel":
    case "fail-fast":
      return { type: "ScriptCancelled", script, reason };
    case "skip":
      return { type: "ScriptSkipped", script, kind: "requested", reason };
    case "timeout":
      return { type: "ScriptSkipped", script, kind: "timeout", reason };
  }
}
