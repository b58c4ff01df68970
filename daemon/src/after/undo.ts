/** The job that undoes another. */
import { hasEnded, undoable, undoPlan, type JobState } from "@aither/core";
import type { EngineFace, Outcome } from "@aither/engine";
import { problem, type ProblemCode } from "@aither/protocol";
import type { Store } from "../host.ts";

type Parts = { readonly store: Store; readonly engine: EngineFace };

/** Why a job cannot be undone; null when it can. */
export async function undoRefusal(store: Store, state: JobState): Promise<Outcome<never> | null> {
  const { number } = state;
  if (!hasEnded(state)) return refused("JOB_ACTIVE", `job ${number} is ${state.status}`, "cancel it, or wait for it");
  if (state.plan.undoes !== undefined) {
    return refused("JOB_STATE", `job ${number} is itself an undo`, "start the playbook again to do it again");
  }
  const undone = await undoOf(store, state);
  if (undone !== null) {
    return refused("JOB_STATE", `job ${number} was undone by job ${undone.number}`, `aither retry ${undone.number}`);
  }
  if (undoable(state).length === 0) {
    const hint = "steps of a playbook say with `undo` how they are undone";
    return refused("JOB_STATE", `no script of job ${number} that completed can be undone`, hint);
  }
  return null;
}

/** The job that undid it, or is about to. */
export async function undoOf(store: Store, state: JobState): Promise<JobState | null> {
  const earlier = await store.findRequest(requestOf(state));
  return earlier === null ? null : store.state(earlier);
}

/** Starts it, once: a job is undone by one other at most, whoever asks and however often. */
export async function startUndo({ store, engine }: Parts, state: JobState, by: string): Promise<Outcome<JobState>> {
  const refusal = await undoRefusal(store, state);
  if (refusal !== null) return refusal;
  const made = undoPlan(state);
  if (!made.ok) return refused("JOB_STATE", made.message, "");
  const origin = (await store.origin(state.id)) ?? { env: {}, umask: null };
  const { startAtMs: _past, ...options } = state.options;
  return engine.startJob({
    requestId: requestOf(state),
    name: `undo of #${state.number}`,
    plan: made.plan,
    options,
    by,
    parent: state.id,
    passedBefore: [],
    prepare: async (jobId) => {
      await store.putOrigin(jobId, origin);
      await store.secrets.inherit(jobId, state.id);
    },
  });
}

function requestOf(state: JobState): string {
  return `undo:${state.id}`;
}

function refused(code: ProblemCode, detail: string, hint: string): Outcome<never> {
  return { ok: false, problem: problem(code, detail, hint === "" ? {} : { hint }) };
}
