import {
  hasEnded,
  isPartOf,
  planAgain,
  resolveTarget,
  scriptsOf,
  theScript,
  theStage,
  type JobState,
  type ScriptRecord,
  type ScriptState,
} from "@aither/core";
import type { Outcome } from "@aither/engine";
import type { Diagnostic, Exports, Plan, RetryJob, ScriptKey } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Host, Origin } from "../../host.ts";
import type { Context } from "../context.ts";
import { undoOf } from "../../after/undo.ts";
import { plainEnvironment } from "../environment.ts";
import { findState } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";
import { idempotencyKey, preparing, reply, startedBefore, withSecrets } from "./start.ts";

/** A retry is a new job with the same inputs: the frozen plan, the environment, the umask. */
export function retryRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "retryJob", async ({ params, body, by, request }) => {
    const key = idempotencyKey(request);
    if (!key.ok) return key;
    const earlier = await startedBefore(host, key.value);
    if (earlier !== null) return ok(earlier);
    const found = await findState(host, params.id);
    if (!found.ok) return found;
    const parent = found.value;
    if (!hasEnded(parent)) return refuse("JOB_ACTIVE", `job ${parent.number} is ${parent.status}`);
    // What was undone has to be done again.
    const isUndone = (await undoOf(host.store, parent)) !== null;
    const passed = isUndone && body.script === undefined ? ok([]) : passedBefore(parent, body);
    if (!passed.ok) return passed;
    const origin = (await host.store.origin(parent.id)) ?? { env: plainEnvironment(process.env), umask: null };
    const again = await planned({ host, parent, origin, passed: passed.value, asked: body });
    if (!again.ok) return again;
    const { plan, kept, passed: keys, warnings } = again.value;
    return reply(
      await host.engine.startJob({
        requestId: key.value,
        name: parent.name,
        plan,
        options: withoutStartTime(parent.options),
        by,
        parent: parent.id,
        passedBefore: keys,
        passedOutputs: outputsOf(parent, keys),
        passedExports: exportsOf(parent, keys),
        prepare: async (jobId) => {
          await preparing(host, plan, kept)(jobId);
          await host.store.secrets.inherit(jobId, parent.id);
        },
      }),
      warnings,
    );
  });
}

/** Keys of the scripts that shall not run again. */
function passedBefore(parent: JobState, { from, script }: RetryJob): Outcome<ScriptKey[]> {
  const all = [...scriptsOf(parent)];
  if (script !== undefined) {
    const target = resolveTarget(parent, script);
    if (target === null || "candidates" in target)
      return refuse(
        "STAGE_OR_SCRIPT_NOT_FOUND",
        `${JSON.stringify(script)} is not one script of job ${parent.number}`,
        {
          ...(target !== null && { candidates: target.candidates }),
        },
      );
    const wanted = target.target;
    const isWanted = ({ plan, stage }: ScriptRecord): boolean =>
      "script" in wanted ? plan.key === wanted.script : isPartOf(parent, theStage(parent, stage), wanted.stage);
    return ok(all.filter((record) => !isWanted(record)).map(({ plan }) => plan.key));
  }
  // Nothing failed in a job that completed: to retry it can only mean to run it again.
  if (from === "all" || (from === undefined && parent.status === "Completed")) return ok([]);
  return ok(all.filter(({ state }) => hasPassed(state)).map(({ plan }) => plan.key));
}

/** Later steps may ask for what those that do not run again had told. */
function outputsOf(parent: JobState, keys: readonly ScriptKey[]): Record<ScriptKey, Readonly<Record<string, string>>> {
  const told = keys.map((key) => [key, theScript(parent, key).outputs] as const);
  return Object.fromEntries(told.filter(([, outputs]) => Object.keys(outputs).length > 0));
}

function exportsOf(parent: JobState, keys: readonly ScriptKey[]): Record<ScriptKey, Exports> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const { exports } = theScript(parent, key);
      return exports === undefined ? [] : [[key, exports] as const];
    }),
  );
}

/** Somebody asks for it now. */
function withoutStartTime({ startAtMs: _past, ...options }: JobState["options"]): JobState["options"] {
  return options;
}

function hasPassed(state: ScriptState): boolean {
  if (state.is === "completed") return true;
  return state.is === "skipped" && (state.kind === "passed-before" || state.kind === "cached");
}

type Again = {
  readonly host: Host;
  readonly parent: JobState;
  readonly origin: Origin;
  readonly passed: readonly ScriptKey[];
  readonly asked: RetryJob;
};

type Planned = {
  readonly plan: Plan;
  readonly passed: readonly ScriptKey[];
  readonly kept: Origin;
  readonly warnings: readonly Diagnostic[];
};

/** The frozen plan; with changed variables, or anew, another one from the same request. */
async function planned({ host, parent, origin, passed, asked }: Again): Promise<Outcome<Planned>> {
  const { variables: changed = {}, anew: isAnew = false } = asked;
  if (!isAnew && Object.keys(changed).length === 0) {
    return ok({ ...planAgain(parent, passed), kept: origin, warnings: [] });
  }
  const request = origin.request ?? requestOf(parent.plan);
  if (request === null)
    return refuse("JOB_STATE", "the request of this job is not kept any more, so it cannot be planned anew", {
      hint: "aither retry without --var runs its old plan again; aither orch NAME starts a playbook afresh",
    });
  const changedRequest = { ...request, variables: { ...request.variables, ...changed } };
  const umask = origin.umask === null ? {} : { umask: origin.umask };
  const anew = await host.planner.planWithWarnings({ ...changedRequest, env: { ...origin.env }, ...umask });
  if (!anew.ok) return anew;
  const { plan: made, warnings } = anew.value;
  const timed = { ...made, timeoutMs: request.timeoutMs ?? made.timeoutMs };
  const given = (origin.secrets ?? []).map(({ name }) => name);
  const { plan, origin: kept } = withSecrets(host, { origin: { ...origin, request: changedRequest }, given }, timed);
  return ok({ plan, passed, kept, warnings });
}

/** What must have been asked for, as far as the plan tells; null when it came from text that is gone. */
function requestOf(plan: Plan): NonNullable<Origin["request"]> | null {
  if (plan.file === null) return null;
  const { file, workspace, profile, variables } = plan;
  return { playbook: file, workspace, variables, ...(profile !== null && { profile }) };
}
