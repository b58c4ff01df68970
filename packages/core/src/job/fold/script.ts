import type { EventOf, Exports, Failure, Handle, ScriptKey } from "@aither/protocol";
import { assert } from "../../assert.ts";
import { tableAdd } from "../../table.ts";
import { parseTime } from "../../time.ts";
import { lastAttempt, scriptEnded, theLeg, theScript, theStage } from "../look.ts";
import type { AttemptRecord, JobState, ScriptRecord, ScriptState } from "../state.ts";
import { putLeg, putScript } from "./put.ts";
import { scriptAtFirst } from "./queued.ts";

export function scheduled(state: JobState, event: EventOf<"ScriptScheduled">): JobState {
  const record = theScript(state, event.script);
  const { attempt, executor } = event;
  assert(
    record.state.is === "pending" || record.state.is === "waiting",
    `${event.script} is ${record.state.is} and cannot be scheduled`,
  );
  assert(attempt === lastAttempt(record) + 1, `${event.script}#${attempt} is not the next attempt`);
  assert(state.status === "Running" || state.status === "Cancelling", "no script starts now");
  const stage = theStage(state, record.stage);
  assert(theLeg(stage, record.leg).status === "Running", "a script starts in a running leg");
  const tried: AttemptRecord = {
    attempt,
    end: "open",
    handle: null,
    exitCode: null,
    failure: null,
    scheduledAtMs: parseTime(event.time),
    endedAtMs: null,
  };
  return putScript(state, {
    ...record,
    state: { is: "scheduled", attempt, executor, bootId: event.bootId ?? null, stop: null },
    attempts: [...record.attempts, tried],
  });
}

export function fenced(state: JobState, event: EventOf<"ScriptFenced">): JobState {
  const record = current(state, event, ["scheduled"]);
  return putScript(state, {
    ...record,
    state: { is: "pending" },
    attempts: closeAttempt(record, { end: "fenced", endedAtMs: parseTime(event.time) }),
    fences: record.fences + 1,
  });
}

export function startedOrAdopted(state: JobState, event: EventOf<"ScriptStarted" | "ScriptAdopted">): JobState {
  const record = current(state, event, event.type === "ScriptStarted" ? ["scheduled"] : ["scheduled", "running"]);
  const before = record.state;
  const stop = before.is === "scheduled" || before.is === "running" ? before.stop : null;
  return putScript(state, {
    ...record,
    state: {
      is: "running",
      attempt: event.attempt,
      handle: event.handle,
      deadline: event.deadline,
      confirmed: true,
      stop,
      mayBeFrozen: before.is === "running" ? before.mayBeFrozen : state.frozenAt !== null,
    },
    attempts: changeAttempt(record, { handle: event.handle }),
    fences: 0,
    ...(event.cache !== undefined && { cache: { look: event.cache } }),
  });
}

export function progressed(state: JobState, event: EventOf<"ScriptProgressed">): JobState {
  const record = current(state, event, ["running"]);
  assert(record.state.is === "running", "checked above");
  const progress = {
    ...(event.percent !== undefined && { percent: event.percent }),
    ...(event.note !== undefined && { note: event.note }),
  };
  return putScript(state, { ...record, state: { ...record.state, progress } });
}

/** On a scheduled attempt it is a promise: it shall not start, and stops when it did. */
export function terminating(state: JobState, event: EventOf<"ScriptTerminating">): JobState {
  const record = current(state, event, ["scheduled", "running", "terminating"]);
  const before = record.state;
  const { cause } = event;
  const why = event.reason === undefined ? {} : { reason: event.reason };
  if (before.is === "scheduled") {
    return putScript(state, { ...record, state: { ...before, stop: { cause, ...why } } });
  }
  assert(before.is === "running" || before.is === "terminating", "checked above");
  return putScript(state, {
    ...record,
    state: {
      is: "terminating",
      attempt: event.attempt,
      handle: before.handle,
      cause,
      ...why,
      ...(event.silent === true && { silent: true }),
      signal: event.signal,
      rung: event.rung,
      killAt: event.killAt,
      killing: event.signal === "KILL",
      sinceMs: before.is === "terminating" ? before.sinceMs : parseTime(event.time),
    },
  });
}

export function killing(state: JobState, event: EventOf<"ScriptKilling">): JobState {
  const record = current(state, event, ["terminating"]);
  assert(record.state.is === "terminating", "checked above");
  const { rung } = record.state;
  return putScript(state, {
    ...record,
    state: { ...record.state, signal: "KILL", rung: rung + 1, killing: true },
  });
}

export function interrupted(state: JobState, event: EventOf<"ScriptInterrupted">): JobState {
  const { attempt, evidence } = event;
  const record = current(state, event, ["scheduled", "running", "terminating"]);
  return putScript(state, {
    ...record,
    state: { is: "interrupted", attempt, evidence, asked: false },
    attempts: closeAttempt(record, {
      end: "interrupted",
      endedAtMs: parseTime(event.time),
      failure: { kind: "interrupted", evidence },
    }),
    fences: 0,
    interruptions: record.interruptions + 1,
  });
}

export function retried(state: JobState, event: EventOf<"ScriptRetried">): JobState {
  const { attempt, failure, retryAtMs, endedAtMs } = event;
  const record = current(state, event, ["scheduled", "running", "terminating", "interrupted"]);
  return putScript(state, {
    ...record,
    state: { is: "waiting", attempt, retryAtMs, after: failure },
    attempts: closeAttempt(record, {
      end: failure.kind === "interrupted" ? "interrupted" : "failed",
      endedAtMs,
      failure,
      leftovers: event.leftovers,
    }),
    failures: record.failures + (failure.kind === "interrupted" ? 0 : 1),
    fences: 0,
    outputs: {},
  });
}

export function outputSet(state: JobState, event: EventOf<"ScriptOutputSet">): JobState {
  const record = current(state, event, ["running", "terminating"]);
  return putScript(state, {
    ...record,
    outputs: { ...record.outputs, [event.name]: event.value },
  });
}

export function completed(state: JobState, event: EventOf<"ScriptCompleted">): JobState {
  const { attempt, exitCode, endedAtMs, cache } = event;
  const restored = cache?.is === "hit";
  const record = current(state, event, restored ? ["scheduled"] : ["running", "terminating"]);
  const next = putScript(state, {
    ...record,
    state: { is: "completed", attempt, exitCode },
    attempts: closeAttempt(record, { end: "completed", endedAtMs, exitCode, leftovers: event.leftovers }),
    outputs: { ...record.outputs, ...event.outputs },
    ...exportsOf(event.exports),
    ...(cache !== undefined && { cache: restored ? { look: cache } : { ...record.cache, kept: cache } }),
  });
  return exporting(event.restartRequired === true ? { ...next, restartRequired: true } : next, event.exports);
}

/** A condition that cannot be decided fails a script that was never tried; everything else ends an attempt. */
export function failed(state: JobState, event: EventOf<"ScriptFailed">): JobState {
  const record = theScript(state, event.script);
  const { attempt, failure, endedAtMs } = event;
  if (record.state.is === "pending" || record.state.is === "waiting") {
    const next = record.state.is === "pending" ? lastAttempt(record) + 1 : lastAttempt(record);
    assert(attempt === next || attempt === lastAttempt(record), `${event.script}#${attempt} ends`);
  } else {
    current(state, event, ["scheduled", "running", "terminating", "interrupted"]);
  }
  const next = putScript(state, {
    ...record,
    state: { is: "failed", attempt, failure, tolerated: event.tolerated ?? false },
    attempts: closeAttempt(record, { end: "failed", endedAtMs, failure, leftovers: event.leftovers }),
    outputs: { ...record.outputs, ...event.outputs },
    ...exportsOf(event.exports),
  });
  return exporting(next, event.exports);
}

function exportsOf(exports: Exports | undefined): { exports?: Exports } {
  return exports === undefined ? {} : { exports };
}

function exporting(state: JobState, exports: Exports | undefined): JobState {
  return exports === undefined || state.exporting ? state : { ...state, exporting: true };
}

export function skipped(state: JobState, event: EventOf<"ScriptSkipped">): JobState {
  const record = theScript(state, event.script);
  const endedAtMs = parseTime(event.time);
  mustBe(record, ["pending", "waiting", "interrupted", "terminating"]);
  const isPassed = event.kind === "passed-before";
  const told = isPassed ? state.passedOutputs[event.script] : undefined;
  const handed = isPassed ? state.passedExports[event.script] : undefined;
  return putScript(exporting(state, handed), {
    ...record,
    ...(told !== undefined && { outputs: told }),
    ...exportsOf(handed),
    state: { is: "skipped", kind: event.kind, reason: event.reason },
    attempts: closeAttempt(record, { end: "skipped", endedAtMs, leftovers: event.leftovers }),
  });
}

export function cancelled(state: JobState, event: EventOf<"ScriptCancelled">): JobState {
  const record = theScript(state, event.script);
  mustBe(record, ["pending", "waiting", "interrupted", "terminating"]);
  const endedAtMs = event.endedAtMs ?? parseTime(event.time);
  const why = event.reason === undefined ? {} : { reason: event.reason };
  return putScript(state, {
    ...record,
    state: { is: "cancelled", ...why },
    attempts: closeAttempt(record, { end: "cancelled", endedAtMs, leftovers: event.leftovers }),
  });
}

/** Inner scripts come right after the one that brought them, in its leg. */
export function expanded(state: JobState, event: EventOf<"ScriptExpanded">): JobState {
  const record = theScript(state, event.script);
  assert(!scriptEnded(record.state), `${event.script} has ended`);
  const stage = theStage(state, record.stage);
  const leg = theLeg(stage, record.leg);
  const place = leg.scripts.indexOf(event.script) + 1;
  const added = event.scripts.map((plan) => scriptAtFirst({ plan, stage: stage.plan, leg: leg.plan }));
  const keys: ScriptKey[] = added.map((inner) => inner.plan.key);
  const { total, pending } = state.counts;
  const next = putLeg(state, stage, {
    ...leg,
    scripts: [...leg.scripts.slice(0, place), ...keys, ...leg.scripts.slice(place)],
    counts: { ...leg.counts, pending: leg.counts.pending + keys.length },
  });
  return {
    ...next,
    scripts: tableAdd(
      state.scripts,
      added.map((inner) => [inner.plan.key, inner] as const),
    ),
    counts: { ...state.counts, total: total + keys.length, pending: pending + keys.length },
  };
}

/** The record an event speaks of, in one of the states it may be in, with the attempt it names under way. */
function current(
  state: JobState,
  event: { script: ScriptKey; attempt: number; type: string },
  allowed: readonly ScriptState["is"][],
): ScriptRecord {
  const record = theScript(state, event.script);
  mustBe(record, allowed);
  assert(
    event.attempt === lastAttempt(record),
    `${event.type} of ${event.script}#${event.attempt}, but #${lastAttempt(record)} is under way`,
  );
  return record;
}

function mustBe(record: ScriptRecord, allowed: readonly ScriptState["is"][]): void {
  assert(
    allowed.includes(record.state.is),
    `${record.plan.key} is ${record.state.is}, which is none of ${allowed.join(", ")}`,
  );
}

type AttemptEnd = {
  readonly end: AttemptRecord["end"];
  readonly endedAtMs: number;
  readonly exitCode?: number;
  readonly failure?: Failure;
  readonly leftovers?: readonly number[] | undefined;
};

/** Closes the attempt under way, if one is open; one that ended before (waiting, interrupted) keeps its end. */
function closeAttempt(record: ScriptRecord, end: AttemptEnd): readonly AttemptRecord[] {
  const last = record.attempts.at(-1);
  if (last === undefined || last.end !== "open") return record.attempts;
  const exitCode = end.exitCode ?? codeOf(end.failure);
  return changeAttempt(record, {
    end: end.end,
    endedAtMs: end.endedAtMs,
    exitCode,
    failure: end.failure ?? null,
    ...(end.leftovers !== undefined && { leftovers: end.leftovers }),
  });
}

function codeOf(failure: Failure | undefined): number | null {
  return failure?.kind === "exit" || failure?.kind === "signal" ? failure.code : null;
}

function changeAttempt(
  record: ScriptRecord,
  change: Partial<AttemptRecord> & { handle?: Handle },
): readonly AttemptRecord[] {
  return record.attempts.map((tried, place) =>
    place === record.attempts.length - 1 ? { ...tried, ...change } : tried,
  );
}
