import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";
import { command } from "./commands.ts";

export function pauseRoute(app: FastifyInstance, context: Context): void {
  const { host } = context;
  mount(app, "pauseJob", async ({ params, by, body: { reason, freeze = false } }) => {
    const done = await command(context, params.id, () =>
      ok({ is: "pause", by, freeze, ...(reason !== undefined && { reason }) }),
    );
    // Whoever asked for a standstill is answered when there is one.
    if (done.ok && freeze) await host.control.standing(done.value.jobId);
    return done;
  });
}
