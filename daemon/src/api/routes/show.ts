import { detail } from "@aither/core";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";

export function showRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "showJob", async ({ params }) => {
    const found = await findState(host, params.id);
    return found.ok ? ok(detail(found.value)) : found;
  });
}
