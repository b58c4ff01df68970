import type { Outcome } from "@aither/engine";
import { API_VERSION, type JobStatus, type Query } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { JobQuery } from "../../host.ts";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

export function listRoute(app: FastifyInstance, { host, hub }: Context): void {
  mount(app, "listJobs", async ({ query }) => {
    const wanted = jobQuery(query);
    if (!wanted.ok) return wanted;
    // Taken first: an event that comes while the list is read is then told again, never left out.
    const cursor = hub.cursor();
    const { jobs, next } = await host.store.list(wanted.value);
    return ok({ apiVersion: API_VERSION, jobs: [...jobs], next, cursor });
  });
}

const statuses: readonly JobStatus[] = [
  "Queued",
  "Running",
  "Paused",
  "Cancelling",
  "Completed",
  "Failed",
  "Cancelled",
];

function jobQuery(query: Query<"listJobs">): Outcome<JobQuery> {
  const { status, since, limit = 50, ...same } = query;
  const words = status === undefined ? [] : status.split(",").map((word) => word.trim().toLowerCase());
  const wanted = statuses.filter((name) => words.includes(name.toLowerCase()));
  const unknown = words.find((word) => !wanted.some((name) => name.toLowerCase() === word));
  if (unknown !== undefined)
    return refuse("REQUEST_INVALID", `no job can be ${JSON.stringify(unknown)}`, { candidates: statuses });
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  if (Number.isNaN(sinceMs)) return refuse("REQUEST_INVALID", `since must be ISO 8601: ${since ?? ""}`);
  return ok({
    limit,
    ...same,
    ...(wanted.length > 0 && { statuses: wanted }),
    ...(sinceMs !== undefined && { sinceMs }),
  });
}
