import type { Plan, ScriptKey, ScriptPlan, StagePlan } from "@aither/protocol";
import { scriptsOf } from "../job/look.ts";
import type { JobState, ScriptRecord } from "../job/state.ts";
import { resolveSpec } from "./template.ts";

/** What an undo would run, in its order: the scripts that completed and say how they are undone, the last one first. */
export function undoable(state: JobState): readonly ScriptRecord[] {
  if (state.plan.undoes !== undefined) return [];
  const done = [...scriptsOf(state)].filter(({ plan, state: script }) => plan.undo && script.is === "completed");
  const endOf = ({ attempts }: ScriptRecord): number => attempts.at(-1)?.endedAtMs ?? 0;
  // Those that ended in the same moment go by the plan, backwards.
  return done.reverse().sort((a, b) => endOf(b) - endOf(a));
}

export type UndoResult = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly message: string };

/**
 * The plan of the job that undoes another: one script after the other, each with the variables, the environment and the
 * outputs of what it undoes. One that fails does not keep the others from being undone; the job then fails.
 */
export function undoPlan(state: JobState): UndoResult {
  const scripts: ScriptPlan[] = [];
  for (const [index, record] of undoable(state).entries()) {
    const made = undoScript(state, { record, index });
    if ("message" in made) return { ok: false, message: made.message };
    scripts.push(made);
  }
  const { name, description, format, file, digest, workspace, profile, variables } = state.plan;
  const plan: Plan = {
    name,
    description,
    format,
    file,
    digest,
    workspace,
    profile,
    variables,
    maxConcurrency: null,
    failFast: false,
    timeoutMs: null,
    undoes: state.id,
    stages: [undoStage(scripts)],
    missing: [],
    unknown: [],
    notEnforced: [],
  };
  return { ok: true, plan };
}

function undoScript(
  state: JobState,
  { record, index }: { record: ScriptRecord; index: number },
): ScriptPlan | { readonly message: string } {
  const { plan } = record;
  const undo = plan.undo!;
  const resolved = resolveSpec(state, plan.key, undo.run);
  if (!resolved.ok) return { message: `the undo of ${plan.key}: ${resolved.message}` };
  const env = { ...resolved.run.env, AITHER_UNDOES: state.id };
  return {
    key: keyOf(plan.key, index),
    id: null,
    number: null,
    name: `Undo ${plan.name}`,
    path: undo.path,
    kind: undo.kind,
    run: { ...resolved.run, env },
    condition: "!cancelled()",
    timeoutMs: undo.timeoutMs,
    retries: 0,
    backoff: plan.backoff,
    continueOnError: false,
    idempotent: false,
    onInterrupted: "fail",
    successExitCodes: [0],
    stopLadder: plan.stopLadder,
    separateStderr: false,
    role: "undo",
  };
}

function keyOf(key: ScriptKey, index: number): ScriptKey {
  return `undo/${index + 1}-${key.replaceAll(/[^\w.-]+/g, "-").slice(0, 60)}`;
}

function undoStage(scripts: readonly ScriptPlan[]): StagePlan {
  return {
    id: "undo",
    name: "Undo",
    description: "",
    needs: [],
    after: [],
    decision: "run",
    reason: "",
    condition: null,
    variables: {},
    continueOnError: false,
    failFast: false,
    maxParallel: null,
    parallel: 1,
    timeoutMs: null,
    legs: [{ name: "", matrix: {}, scripts: [...scripts] }],
    outputs: {},
    role: "undo",
  };
}
