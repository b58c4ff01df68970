/** Which requests are written down, and what of them. */
import { routes, type RouteName } from "@aither/protocol";
import type { FastifyRequest } from "fastify";
import type { Audit } from "../audit/audit-log.ts";
import type { Access } from "./access.ts";

/** They have a body, and change nothing. */
const onlyAsk: ReadonlySet<RouteName> = new Set(["planPlaybook", "validatePlaybook", "selectScripts"]);
/** The door, the role or a limit said no. What is merely wrong about a question is nobody's business. */
const refusals: ReadonlySet<number> = new Set([401, 403, 415, 429]);

const JOB_LENGTH_MAX = 100;

/** Of a change that was done: the job it came to, so that `latest` can be understood tomorrow. */
export function noteJob(request: FastifyRequest, value: unknown): void {
  const { name } = request.routeOptions.config;
  if (name === undefined || !isChange(name)) return;
  const { jobId } = value as { readonly jobId?: unknown };
  if (typeof jobId === "string") request.noted = { ...request.noted, job: jobId };
}

/** One line for each change, whatever came of it, and for each refusal. Never a query, a body or a header. */
export function noteOutcome(
  audit: Audit,
  { access, request, status }: { access: Access; request: FastifyRequest; status: number },
): void {
  const { name } = request.routeOptions.config;
  const isRefused = refusals.has(status);
  if (!isRefused && (name === undefined || !isChange(name))) return;
  const { caller, noted } = request;
  const { id } = (request.params ?? {}) as { readonly id?: unknown };
  audit.write({
    does: isRefused ? "refusal" : "change",
    door: access.door,
    uid: access.door === "socket" ? (process.getuid?.() ?? null) : null,
    session: caller?.session ?? null,
    role: caller?.role ?? null,
    method: request.method,
    route: name ?? null,
    job:
      noted?.job ??
      (typeof id === "string" && name !== undefined && routes[name].path.startsWith("/api/jobs/")
        ? id.slice(0, JOB_LENGTH_MAX)
        : null),
    ...(noted?.about !== undefined && { about: noted.about }),
    outcome: isRefused ? "refused" : status < 400 ? "done" : "failed",
    status,
    code: noted?.code ?? null,
  });
}

function isChange(name: RouteName): boolean {
  return routes[name].method !== "GET" && !onlyAsk.has(name);
}
