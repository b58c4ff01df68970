import { resolveTarget } from "@aither/core";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";
import { command } from "./commands.ts";

export function skipRoute(app: FastifyInstance, context: Context): void {
  mount(app, "skipInJob", async ({ params, by, body: { target, reason = "" } }) =>
    command(context, params.id, (state) => {
      const found = resolveTarget(state, target);
      if (found === null)
        return refuse(
          "STAGE_OR_SCRIPT_NOT_FOUND",
          `job ${state.number} has no stage or script ${JSON.stringify(target)}`,
        );
      if ("candidates" in found)
        return refuse("STAGE_OR_SCRIPT_NOT_FOUND", `${JSON.stringify(target)} fits several`, {
          candidates: found.candidates,
          hint: "name one of the candidates",
        });
      return ok({ is: "skip", by, reason, target: found.target });
    }),
  );
}
