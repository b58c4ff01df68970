import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";
import { command } from "./commands.ts";

export function resumeRoute(app: FastifyInstance, context: Context): void {
  const { host } = context;
  mount(app, "resumeJob", async ({ params, by }) => {
    const done = await command(context, params.id, () => ok({ is: "resume", by }));
    if (done.ok) await host.control.standing(done.value.jobId);
    return done;
  });
}
