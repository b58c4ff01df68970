/** Every document that leaves goes through here: secrets of the job it speaks of, or of the request, are masked. */
import type { Outcome } from "@aither/engine";
import { routes, type RouteName, type StartJob } from "@aither/protocol";
import type { Host } from "../host.ts";
import type { Masker } from "../secrets/masker.ts";
import { secretsOf } from "../secrets/names.ts";
import { findJob } from "./job-names.ts";

export type Answered<T> = {
  readonly name: RouteName;
  readonly params: unknown;
  readonly body: unknown;
  readonly outcome: Outcome<T>;
};

export type Masking = <T>(answered: Answered<T>) => Promise<Outcome<T>>;

declare module "fastify" {
  interface FastifyInstance {
    readonly masked: Masking;
  }
}

export function masking(host: Host): Masking {
  return async (answered) => {
    const { outcome } = answered;
    const masker = await maskerFor(host, answered);
    if (masker === null) return outcome;
    if (outcome.ok) return { ok: true, value: masker.document(outcome.value) };
    return { ok: false, problem: masker.document(outcome.problem) };
  };
}

async function maskerFor(host: Host, { name, params, body, outcome }: Answered<unknown>): Promise<Masker | null> {
  if (routes[name].path.startsWith("/api/jobs/:id")) {
    const jobId = jobIn(outcome) ?? (await jobNamed(host, (params as { id: string }).id));
    return jobId === null ? null : host.store.secrets.of(jobId);
  }
  // What is answered to a start holds nothing of what it was given, unless it is refused.
  return withEnvironment.has(name) && !(name === "startJob" && outcome.ok)
    ? requestMasker(host, body as StartJob)
    : null;
}

const withEnvironment: ReadonlySet<RouteName> = new Set(["startJob", "planPlaybook"]);

function jobIn(outcome: Outcome<unknown>): string | null {
  if (!outcome.ok) return null;
  const { jobId } = outcome.value as { jobId?: unknown };
  return typeof jobId === "string" ? jobId : null;
}

async function jobNamed(host: Host, name: string): Promise<string | null> {
  const found = await findJob(host, name);
  return found.ok ? found.value : null;
}

/** Of a job that is not there yet, or never will be. */
function requestMasker({ store, isSecretName }: Host, { env = {}, secrets = {} }: StartJob): Masker | null {
  const given = { ...env, ...secrets };
  const found = secretsOf({ env: given, given: Object.keys(secrets), plan: null, isSecretName });
  return store.secrets.among(found.secrets.map(({ value }) => value));
}
