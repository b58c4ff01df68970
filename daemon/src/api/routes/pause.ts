import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";
import { command } from "./commands.ts";

export function pauseRoute(app: FastifyInstance, context: Context): void {
  const { by } = context.access;
  mount(app, "pauseJob", async ({ params, body: { reason } }) =>
    command(context, params.id, () => ok({ is: "pause", by, ...(reason !== undefined && { reason }) })),
  );
}
