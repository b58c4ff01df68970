import { hasEnded, summary } from "@aither/core";
import { API_VERSION, PROTOCOL, VERSION, type Json } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";

export function daemonRoutes(app: FastifyInstance, { host }: Context): void {
  mount(app, "daemonStatus", async () => {
    const { active, finished } = await host.store.counts();
    let liveScripts = 0;
    for (const state of host.engine.jobs()) if (!hasEnded(state)) liveScripts += summary(state).counts.running;
    return ok({
      apiVersion: API_VERSION,
      pid: process.pid,
      version: VERSION,
      home: host.places.home,
      socket: host.places.socket,
      startedAt: host.startedAt,
      instance: host.instance,
      jobs: { active, liveScripts, finished },
      cgroup:
        "folder" in host.cgroup ? { folder: host.cgroup.folder, why: null } : { folder: null, why: host.cgroup.why },
      setAside: [...(await host.store.setAside())],
      rssBytes: process.memoryUsage.rss(),
    });
  });

  mount(app, "stopDaemon", async ({ reply }) => {
    // The answer goes first: whoever asked shall not take the stop for a crash.
    reply.raw.once("close", () => host.stop());
    return ok({ apiVersion: API_VERSION, stopping: true });
  });

  mount(app, "health", async () => ok({ apiVersion: API_VERSION, ok: true }));

  mount(app, "version", async () =>
    ok({ apiVersion: API_VERSION, version: VERSION, protocol: [PROTOCOL.min, PROTOCOL.max] }),
  );

  mount(app, "openapi", async () => {
    const { openApiDocument } = await import("@aither/protocol/openapi");
    return ok(openApiDocument() as Json);
  });
}
