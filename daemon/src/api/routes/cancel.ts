import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";
import { command } from "./commands.ts";

export function cancelRoute(app: FastifyInstance, context: Context): void {
  const { by } = context.access;
  mount(app, "cancelJob", async ({ params, body: { reason, force = false } }) =>
    command(context, params.id, () => ok({ is: "cancel", by, force, ...(reason !== undefined && { reason }) })),
  );
}
