import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";
import { absolute } from "./playbooks.ts";

export function scriptRoutes(app: FastifyInstance, { host: { planner } }: Context): void {
  mount(app, "listScripts", async ({ query }) => {
    const workspace = absolute(query);
    if (!workspace.ok) return workspace;
    return ok({ apiVersion: API_VERSION, scripts: await planner.listScripts(workspace.value) });
  });

  mount(app, "showScript", async ({ params, query }) => {
    const workspace = absolute(query);
    if (!workspace.ok) return workspace;
    const shown = await planner.showScript(params.name, workspace.value);
    return shown.ok ? ok({ apiVersion: API_VERSION, ...shown.value }) : shown;
  });

  mount(app, "selectScripts", async ({ body }) => {
    const workspace = absolute(body);
    if (!workspace.ok) return workspace;
    const selected = await planner.selectScripts(body.expression, workspace.value);
    return selected.ok ? ok({ apiVersion: API_VERSION, ...selected.value }) : selected;
  });
}
