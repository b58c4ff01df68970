import { API_VERSION, type SessionView } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Caller, Session } from "../../doors/face.ts";
import type { Context } from "../context.ts";
import { cookieName } from "../loopback-access.ts";
import { mount } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";

/** Who may come in by the loopback door. The routes are the same at both doors; a session exists at one only. */
export function sessionRoutes(app: FastifyInstance, { host }: Context): void {
  const { doors } = host;
  mount(app, "inviteSession", async ({ body: { kind, role = "admin", expiresMs = null }, request }) => {
    request.noted = { about: `${kind} for ${role}` };
    const invited = await doors.invite({ kind, role, lifeMs: expiresMs });
    return invited.ok ? ok({ apiVersion: API_VERSION, ...invited.value }) : invited;
  });

  mount(app, "listSessions", async ({ request }) => {
    const sessions = doors.sessions().map((session) => view(session, request.caller));
    return ok({ apiVersion: API_VERSION, sessions });
  });

  mount(app, "revokeSession", async ({ params: { id }, request }) => {
    request.noted = { about: id.slice(0, ID_LENGTH_MAX) };
    if (await doors.revoke(id)) return ok({ apiVersion: API_VERSION, revoked: [id] });
    return refuse("NOT_FOUND", `there is no session ${JSON.stringify(id)}`, {
      hint: "GET /api/sessions lists them",
    });
  });

  mount(app, "revokeSessions", async () => ok({ apiVersion: API_VERSION, revoked: [...(await doors.revokeAll())] }));

  mount(app, "openSession", async ({ body: { code, role = null }, request, reply }) => {
    if (request.caller?.door !== "tcp") return needless;
    const opened = await doors.exchange({ code, role });
    if (!opened.ok) return opened;
    const { session, secret, key, port } = opened.value;
    request.noted = { about: session.id };
    const lifeSeconds = Math.round((Date.parse(session.expiresAt) - Date.parse(session.createdAt)) / 1_000);
    reply.header(
      "set-cookie",
      `${cookieName(port)}=${secret}; HttpOnly; SameSite=Strict; Path=/api; Max-Age=${lifeSeconds}`,
    );
    const { id, role: granted, expiresAt } = session;
    return ok({ apiVersion: API_VERSION, id, role: granted, key, expiresAt });
  });

  mount(app, "showSession", async ({ request }) => {
    const { caller } = request;
    if (caller === null || caller.role === "anyone") return refuse("NO_SESSION", "nobody asks");
    const session = doors.sessions().find(({ id }) => id === caller.session);
    return ok({
      apiVersion: API_VERSION,
      door: caller.door,
      role: caller.role,
      session: session === undefined ? null : view(session, caller),
    });
  });

  mount(app, "closeSession", async ({ request, reply }) => {
    const id = request.caller?.session ?? null;
    if (id === null) return needless;
    request.noted = { about: id };
    await doors.revoke(id);
    const port = request.raw.socket.localPort;
    if (port !== undefined)
      reply.header("set-cookie", `${cookieName(port)}=; HttpOnly; SameSite=Strict; Path=/api; Max-Age=0`);
    return ok({ apiVersion: API_VERSION, revoked: [id] });
  });
}

/** Longer than any session's; what is in a path may be anything. */
const ID_LENGTH_MAX = 40;

const needless = refuse("REQUEST_INVALID", "there are no sessions on this socket: its permissions are the check");

function view({ id, kind, role, createdAt, lastUsedAt, expiresAt }: Session, caller: Caller | null): SessionView {
  return { id, kind, role, createdAt, lastUsedAt, expiresAt, current: id === caller?.session };
}
