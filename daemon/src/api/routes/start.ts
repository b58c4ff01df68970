import { isAbsolute } from "node:path";
import type { JobState } from "@aither/core";
import type { Outcome } from "@aither/engine";
import {
  API_VERSION,
  type Diagnostic,
  type JobId,
  type Plan,
  type StartJob,
  type StartJobReply,
} from "@aither/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Host, Origin } from "../../host.ts";
import { secretsOf } from "../../secrets/names.ts";
import type { Context } from "../context.ts";
import { jobEnvironment, plainEnvironment, workspaceOf } from "../environment.ts";
import { limits } from "../limits.ts";
import { mount } from "../mount.ts";
import { ok, refuse, type Refusal } from "../outcome.ts";

export function startRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "startJob", async ({ body, by, request }) => {
    const key = idempotencyKey(request);
    if (!key.ok) return key;
    const resolved = resolveRequest(body);
    if (!resolved.ok) return resolved;
    const { wanted } = resolved.value;
    const startAtMs = startTime(wanted.at);
    if (!startAtMs.ok) return startAtMs;
    const noPool = unknownPool(host, wanted.pool);
    if (noPool !== null) return noPool;
    // Planning changes nothing, so a first start need not wait for the search for an earlier one.
    const [earlier, planned] = await Promise.all([
      startedBefore(host, key.value),
      host.planner.planWithWarnings(wanted),
    ]);
    if (earlier !== null) return ok(earlier);
    if (!planned.ok) return planned;
    const { plan, origin } = withSecrets(host, resolved.value, {
      ...planned.value.plan,
      timeoutMs: wanted.timeoutMs ?? planned.value.plan.timeoutMs,
    });
    return reply(
      await host.engine.startJob({
        requestId: key.value,
        name: wanted.name ?? plan.name,
        plan,
        options: {
          useCache: wanted.useCache ?? wanted.refreshCache ?? false,
          ...(wanted.refreshCache === true && { refreshCache: true }),
          generateSummary: wanted.generateSummary ?? false,
          priority: wanted.priority ?? 0,
          ...(wanted.pool !== undefined && { pool: wanted.pool }),
          ...(startAtMs.value !== null && { startAtMs: startAtMs.value }),
        },
        by,
        parent: null,
        passedBefore: [],
        prepare: preparing(host, plan, origin),
      }),
      planned.value.warnings,
    );
  });
}

const isoTimePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

/** When the job shall leave the queue, ms since the epoch; null: at once. */
function startTime(at: string | undefined): Outcome<number | null> {
  if (at === undefined) return ok(null);
  const wallMs = isoTimePattern.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(wallMs)) {
    return refuse("REQUEST_INVALID", `at must be like 2026-01-31T22:30:00Z, not ${JSON.stringify(at)}`);
  }
  return ok(wallMs);
}

function unknownPool(host: Host, pool: string | undefined): Refusal | null {
  if (pool === undefined || Object.hasOwn(host.pools, pool)) return null;
  const names = Object.keys(host.pools);
  const hint =
    names.length === 0
      ? 'name it in the settings, as "pools": {"NAME": SLOTS}, and restart the daemon'
      : `there is ${names.join(", ")}`;
  return refuse("SETTING_INVALID", `there is no pool ${JSON.stringify(pool)}`, { hint });
}

/** What must be on disk before a job is accepted. */
export function preparing(host: Host, plan: Plan, origin: Origin): (jobId: JobId) => Promise<void> {
  return async (jobId) => {
    await host.store.putOrigin(jobId, origin);
    await host.after.expect(jobId, plan);
  };
}

export function reply(started: Outcome<JobState>, warnings: readonly Diagnostic[] = []): Outcome<StartJobReply> {
  return started.ok ? ok({ ...view(started.value), ...(warnings.length > 0 && { warnings: [...warnings] }) }) : started;
}

function view({ id, number, status }: Pick<JobState, "id" | "number" | "status">): StartJobReply {
  return { apiVersion: API_VERSION, jobId: id, number, status };
}

/** The caller's name for this very start; a repeat with the same name answers with the same job. */
export function idempotencyKey(request: FastifyRequest): Outcome<string | null> {
  const key = request.headers["idempotency-key"];
  if (key === undefined || key === "") return ok(null);
  if (typeof key === "string" && key.length <= limits.idempotencyKeyLengthMax) return ok(key);
  return refuse("REQUEST_INVALID", `idempotency-key may have ${limits.idempotencyKeyLengthMax} characters`);
}

/** The job that an earlier request with this key started. The engine itself joins repeats that overlap. */
export async function startedBefore(host: Host, key: string | null): Promise<StartJobReply | null> {
  const jobId = key === null ? null : await host.store.findRequest(key);
  const state = jobId === null ? null : await host.store.state(jobId);
  return state === null ? null : view(state);
}

type Resolved = {
  readonly wanted: StartJob & { workspace: string };
  readonly origin: Origin;
  /** Names of the secrets that came with the request. */
  readonly given: readonly string[];
};

/** Fills in what the caller left out, the same for a start and for a dry run. */
export function resolveRequest(body: StartJob): Outcome<Resolved> {
  const given = [body.playbook, body.selector, body.text].filter((way) => way !== undefined);
  if (given.length !== 1)
    return refuse("REQUEST_INVALID", `the body must have one of playbook, selector and text; it has ${given.length}`);
  const { env: clientEnv, umask, secrets = {}, ...rest } = body;
  const workspace = workspaceOf(body);
  if (!isAbsolute(workspace)) return refuse("REQUEST_INVALID", `workspace must be an absolute path: ${workspace}`);
  const base = clientEnv === undefined ? plainEnvironment(process.env) : jobEnvironment(clientEnv);
  const env = { ...base, ...secrets };
  const request = { ...rest, workspace };
  return ok({
    wanted: { ...request, env, ...(umask !== undefined && { umask }) },
    origin: { env, umask: umask ?? null, request },
    given: Object.keys(secrets),
  });
}

/** Finds the values that nobody shall be shown. The plan says which of them cannot be hidden, and holds no value. */
export function withSecrets(
  { isSecretName }: Host,
  { origin, given }: Omit<Resolved, "wanted">,
  plan: Plan,
): { readonly plan: Plan; readonly origin: Origin } {
  const { secrets, notes } = secretsOf({ env: origin.env, given, plan, isSecretName });
  return {
    plan: notes.length === 0 ? plan : { ...plan, notEnforced: [...plan.notEnforced, ...notes] },
    origin: { ...origin, secrets },
  };
}
