import { isAbsolute } from "node:path";
import type { Outcome } from "@aither/engine";
import { API_VERSION } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { workspaceOf } from "../environment.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";
import { resolveRequest, withSecrets } from "./start.ts";

export function playbookRoutes(app: FastifyInstance, { host }: Context): void {
  const { planner } = host;
  mount(app, "listPlaybooks", async ({ query }) => {
    const workspace = absolute(query);
    if (!workspace.ok) return workspace;
    return ok({ apiVersion: API_VERSION, playbooks: await planner.listPlaybooks(workspace.value) });
  });

  mount(app, "showPlaybook", async ({ params, query }) => {
    const workspace = absolute(query);
    if (!workspace.ok) return workspace;
    const shown = await planner.showPlaybook(params.name, workspace.value);
    return shown.ok ? ok({ apiVersion: API_VERSION, ...shown.value }) : shown;
  });

  mount(app, "planPlaybook", async ({ body }) => {
    const resolved = resolveRequest(body);
    if (!resolved.ok) return resolved;
    const planned = await planner.preview(resolved.value.wanted);
    if (!planned.ok) return planned;
    const { obstacles, ...plan } = planned.value;
    return ok(planner.planView(withSecrets(host, resolved.value, plan).plan, obstacles));
  });

  mount(app, "validatePlaybook", async ({ body }) => {
    if ((body.playbook === undefined) === (body.text === undefined))
      return refuse("REQUEST_INVALID", "the body must have one of playbook and text");
    const workspace = absolute(body);
    if (!workspace.ok) return workspace;
    return ok({ apiVersion: API_VERSION, ...(await planner.validate({ ...body, workspace: workspace.value })) });
  });
}

/** The workspace of a question; without one, the home of the user. */
export function absolute(query: { workspace?: string }): Outcome<string> {
  const workspace = workspaceOf(query);
  if (isAbsolute(workspace)) return ok(workspace);
  return refuse("REQUEST_INVALID", `workspace must be an absolute path: ${workspace}`);
}
