import type { FactOf, Instant, StopCause, StopRung } from "@aither/protocol";
import { present } from "../assert.ts";
import { deadlineIn, deadlinePassed } from "../time.ts";
import type { ScriptRecord, ScriptState } from "./state.ts";

const kill: StopRung = { signal: "KILL", afterMs: 0 };

/** The rungs of a script's ladder; whatever a playbook says, the last one is KILL. */
export function ladderOf(record: ScriptRecord): readonly StopRung[] {
  const ladder = record.plan.stopLadder;
  return ladder.at(-1)?.signal === "KILL" ? ladder : [...ladder, kill];
}

/** Asks an attempt to stop: its first rung. */
export function stopFact(
  record: ScriptRecord,
  why: { cause: StopCause; reason?: string | undefined; silent?: boolean | undefined },
  now: Instant,
): FactOf<"ScriptTerminating"> {
  return rungFact(record, { ...why, rung: 0 }, now);
}

/** The next rung of an attempt whose time on this one is over; null while it is not, and on the last. */
export function nextRung(
  record: ScriptRecord,
  state: ScriptState & { is: "terminating" },
  now: Instant,
): FactOf<"ScriptTerminating"> | FactOf<"ScriptKilling"> | null {
  if (state.killing || !deadlinePassed(state.killAt, now)) return null;
  const rung = state.rung + 1;
  const next = ladderOf(record)[rung] ?? kill;
  if (next.signal === "KILL") {
    return { type: "ScriptKilling", script: record.plan.key, attempt: state.attempt };
  }
  return rungFact(record, { cause: state.cause, reason: state.reason, silent: state.silent, rung }, now);
}

function rungFact(
  record: ScriptRecord,
  why: { cause: StopCause; reason?: string | undefined; silent?: boolean | undefined; rung: number },
  now: Instant,
): FactOf<"ScriptTerminating"> {
  const { signal, afterMs } = present(ladderOf(record)[why.rung], "a ladder has this rung");
  return {
    type: "ScriptTerminating",
    script: record.plan.key,
    attempt: record.attempts.length,
    cause: why.cause,
    ...(why.reason !== undefined && { reason: why.reason }),
    ...(why.silent === true && { silent: true }),
    signal,
    rung: why.rung,
    killAt: deadlineIn(now, afterMs),
  };
}
