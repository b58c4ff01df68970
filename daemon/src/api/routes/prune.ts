import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

export function pruneRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "pruneJobs", async ({ body }) => {
    if (body.olderThanMs === undefined && body.keep === undefined)
      return refuse("REQUEST_INVALID", "the body must have olderThanMs or keep: nothing is removed by default");
    const removed = await host.store.prune(body);
    return ok({ apiVersion: API_VERSION, removed: [...removed], dryRun: body.dryRun ?? false });
  });
}
