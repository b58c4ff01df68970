import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";
import { command } from "./commands.ts";

export function cancelRoute(app: FastifyInstance, context: Context): void {
  mount(app, "cancelJob", async ({ params, by, body: { reason, force = false } }) =>
    command(context, params.id, () => ok({ is: "cancel", by, force, ...(reason !== undefined && { reason }) })),
  );
}
