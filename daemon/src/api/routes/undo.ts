import { undoable } from "@aither/core";
import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import { startUndo, undoRefusal } from "../../after/undo.ts";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";
import { reply } from "./start.ts";

/** An undo is a job of its own: it has logs, can be followed, cancelled and retried. */
export function undoRoutes(app: FastifyInstance, { host }: Context): void {
  mount(app, "showUndo", async ({ params }) => {
    const found = await findState(host, params.id);
    if (!found.ok) return found;
    const refusal = await undoRefusal(host.store, found.value);
    if (refusal !== null) return refusal;
    const { id, number } = found.value;
    const scripts = undoable(found.value).map(({ plan }) => ({ name: `Undo ${plan.name}`, undoes: plan.key }));
    return ok({ apiVersion: API_VERSION, jobId: id, number, scripts });
  });

  mount(app, "undoJob", async ({ params, by }) => {
    const found = await findState(host, params.id);
    return found.ok ? reply(await startUndo(host, found.value, by)) : found;
  });
}
