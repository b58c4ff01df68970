import type { ScriptStatus, StageStatus } from "@aither/protocol";
import { legsOf, stagesOf, theScript } from "../job/look.ts";
import type { JobState, LegState, StageState } from "../job/state.ts";
import { statusOf } from "./detail.ts";
import { reasonOfScript, reasonOfStage } from "./reason.ts";

/** One row of a stage list. `depth` 0 is a stage, 1 a leg or a script, 2 a script in a leg of a matrix. */
export type Row = {
  readonly kind: "stage" | "leg" | "script";
  /** The stage's id, `stage[leg]`, or the script's key: unique and stable. */
  readonly id: string;
  readonly depth: number;
  readonly name: string;
  readonly status: StageStatus | ScriptStatus;
  readonly reason: string;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
};

/** Every stage, leg and script as rows, in order; a leg without a name has no row. Text-free: drawing is the viewer's. */
export function rows(state: JobState): Row[] {
  const list: Row[] = [];
  for (const stage of stagesOf(state)) {
    list.push({
      kind: "stage",
      id: stage.plan.id,
      depth: 0,
      name: stage.plan.name,
      status: stage.status,
      reason: reasonOfStage(state, stage),
      startedAtMs: stage.startedAtMs,
      endedAtMs: stage.endedAtMs,
    });
    for (const leg of legsOf(stage)) addLeg(list, state, { stage, leg });
  }
  return list;
}

function addLeg(list: Row[], state: JobState, { stage, leg }: { stage: StageState; leg: LegState }): void {
  const named = leg.plan.name !== "";
  if (named) {
    list.push({
      kind: "leg",
      id: `${stage.plan.id}[${leg.plan.name}]`,
      depth: 1,
      name: leg.plan.name,
      status: leg.status,
      reason: leg.reason,
      startedAtMs: leg.startedAtMs,
      endedAtMs: leg.endedAtMs,
    });
  }
  for (const key of leg.scripts) {
    const record = theScript(state, key);
    const last = record.attempts.at(-1);
    list.push({
      kind: "script",
      id: key,
      depth: named ? 2 : 1,
      name: record.plan.name,
      status: statusOf(record.state),
      reason: reasonOfScript(state, record),
      startedAtMs: record.attempts.find((tried) => tried.handle !== null)?.handle?.startedAtMs ?? null,
      endedAtMs: last?.endedAtMs ?? null,
    });
  }
}
