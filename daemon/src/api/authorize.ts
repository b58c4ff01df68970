/** The one place where roles are checked: by the route that is asked for, and by what its body asks for. */
import { roles, routes, type Problem, type Role, type RouteName } from "@aither/protocol";
import type { Caller } from "../doors/face.ts";
import type { Host } from "../host.ts";
import { workspaceOf } from "./environment.ts";
import { refuse } from "./outcome.ts";

/** Whether a role includes another. */
export function includes(role: Caller["role"], wanted: Role | "anyone"): boolean {
  if (wanted === "anyone") return true;
  return role !== "anyone" && roles.indexOf(role) >= roles.indexOf(wanted);
}

/** Asked before the body is read. */
export function refusedByRole(caller: Caller, name: RouteName, { viewerLogs }: Host["settings"]): Problem | null {
  const route = routes[name];
  if (!includes(caller.role, route.role))
    return refuse("ROLE_INSUFFICIENT", `${name} needs the role ${route.role}; this session's is ${caller.role}`)
      .problem;
  if ("shows" in route && !viewerLogs && !includes(caller.role, "operator"))
    return refuse("ROLE_INSUFFICIENT", `${name} gives what scripts wrote, and the settings keep that from viewers`, {
      hint: 'the owner allows it with "viewerLogs": true in the settings',
    }).problem;
  return null;
}

/**
 * What everybody with a role below `admin` may say to calls that read or run playbooks and scripts: which saved one,
 * in which workspace, with which values. All else (text, a selector, an environment, a path) can be made to run
 * anything. A field that is new belongs to `admin` until it is named here.
 */
const belowAdmin: ReadonlySet<string> = new Set([
  "playbook",
  "expression",
  "variables",
  "profile",
  "useCache",
  "refreshCache",
  "generateSummary",
  "workspace",
  "name",
  "timeoutMs",
  "priority",
  "pool",
  "at",
  "assume",
]);

/** Calls that look into a workspace. Those with a body say there which. */
const inWorkspace: ReadonlySet<RouteName> = new Set([
  "startJob",
  "planPlaybook",
  "validatePlaybook",
  "listPlaybooks",
  "showPlaybook",
  "listScripts",
  "showScript",
  "selectScripts",
]);

type Asked = {
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
};

/** Asked when the request is known to be well formed. */
export async function refusedByBody(
  caller: Caller,
  name: RouteName,
  { asked, host }: { asked: Asked; host: Host },
): Promise<Problem | null> {
  if (includes(caller.role, "admin") || !inWorkspace.has(name)) return null;
  const { body, query, params } = asked;
  const needsAdmin = (what: string): Problem =>
    refuse("ROLE_INSUFFICIENT", `${what} needs the role admin; this session's is ${caller.role}`).problem;
  const field = Object.keys(body ?? {}).find((key) => !belowAdmin.has(key));
  if (field !== undefined) return needsAdmin(`${name} with \`${field}\``);
  for (const named of [body?.["playbook"], params["name"]]) {
    if (typeof named === "string" && isPath(named)) return needsAdmin("naming a file instead of a saved playbook");
  }
  const workspace = workspaceOf((body ?? query) as { workspace?: string });
  const { jobs } = await host.store.list({ workspace, limit: 1 });
  if (jobs.length > 0) return null;
  return refuse("ROLE_INSUFFICIENT", `no job was ever started in the workspace ${JSON.stringify(workspace)}`, {
    hint: "below admin, only workspaces that jobs were started in can be named",
  }).problem;
}

function isPath(name: string): boolean {
  return /[/\\]|\.(json|ya?ml|psd1)$/i.test(name);
}
