import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";
import { command } from "./commands.ts";

export function resumeRoute(app: FastifyInstance, context: Context): void {
  const { by } = context.access;
  mount(app, "resumeJob", async ({ params }) => command(context, params.id, () => ok({ is: "resume", by })));
}
