import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { findJob } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

export function removeRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "removeJob", async ({ params }) => {
    const found = await findJob(host, params.id);
    if (!found.ok) return found;
    const removal = await host.store.remove(found.value);
    switch (removal.is) {
      case "removed":
        return ok({ apiVersion: API_VERSION, removed: [removal.number] });
      case "active":
        return refuse("JOB_ACTIVE", `job ${removal.number} has not ended`);
      case "none":
        return refuse("JOB_NOT_FOUND", `there is no job ${JSON.stringify(params.id)}`);
      default:
        return removal satisfies never;
    }
  });
}
