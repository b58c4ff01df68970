import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

/** What is stored of scripts that ran, and how to be rid of it. */
export function cacheRoutes(app: FastifyInstance, { host }: Context): void {
  mount(app, "listCache", async () => {
    const { entries, bytes, limits } = await host.cache.list();
    return ok({
      apiVersion: API_VERSION,
      entries: [...entries],
      bytes,
      bytesMax: limits.bytesMax,
      daysMax: limits.daysMax,
    });
  });

  mount(app, "pruneCache", async ({ body }) => {
    const { olderThanMs, bytesMax, all, dryRun = false } = body;
    if (olderThanMs === undefined && bytesMax === undefined && all !== true)
      return refuse("REQUEST_INVALID", "the body says nothing of what is to go: olderThanMs, bytesMax or all");
    const { removed, bytes } = await host.cache.prune(body);
    return ok({ apiVersion: API_VERSION, removed: [...removed], bytes, dryRun });
  });
}
