import type { Deadline, Instant } from "@aither/protocol";
import { tableGet, tableSetAll } from "../table.ts";
import { deadlineIn, elapsedMs } from "../time.ts";
import { theScript } from "./look.ts";
import type { JobState, ScriptRecord } from "./state.ts";

/** What an event that ends a freeze says of it; nothing when there is none. */
export function frozenFor(state: JobState, now: Instant): { frozenMs?: number } {
  return state.frozenAt === null ? {} : { frozenMs: elapsedMs(state.frozenAt, now) };
}

/** A job after its freeze: every time limit that stood still is later by as long as that. */
export function unfrozen(state: JobState, frozenMs: number | undefined): JobState {
  if (state.frozenAt === null) return state;
  const later = (deadline: Deadline | null): Deadline | null =>
    deadline === null ? null : deadlineIn(deadline, frozenMs ?? 0);
  const stages = state.openStages.flatMap((id) => {
    const stage = tableGet(state.stages, id);
    return stage === undefined || stage.deadline === null
      ? []
      : [[id, { ...stage, deadline: later(stage.deadline) }] as const];
  });
  const scripts = state.active.map((key) => {
    const record = theScript(state, key);
    return [key, laterScript(record, later)] as const;
  });
  return {
    ...state,
    frozenAt: null,
    deadline: later(state.deadline),
    stages: tableSetAll(state.stages, stages),
    scripts: tableSetAll(state.scripts, scripts),
  };
}

function laterScript(record: ScriptRecord, later: (deadline: Deadline | null) => Deadline | null): ScriptRecord {
  const script = record.state;
  return script.is === "running" ? { ...record, state: { ...script, deadline: later(script.deadline) } } : record;
}
