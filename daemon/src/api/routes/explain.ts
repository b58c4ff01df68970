import { explain, resolveTarget } from "@aither/core";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

export function explainRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "explainJob", async ({ params, query: { subject } }) => {
    const found = await findState(host, params.id);
    if (!found.ok) return found;
    const explanation = explain(found.value, subject);
    if (explanation !== null) return ok(explanation);
    const target = resolveTarget(found.value, subject ?? "");
    return refuse(
      "STAGE_OR_SCRIPT_NOT_FOUND",
      `job ${found.value.number} has no one ${JSON.stringify(subject ?? "")}`,
      {
        ...(target !== null && "candidates" in target && { candidates: target.candidates }),
      },
    );
  });
}
