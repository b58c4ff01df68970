/** What every request goes through at a door: is it let in, may its role do that, and what is written down of it. */
import type { RouteName } from "@aither/protocol";
import { routes } from "@aither/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../doors/face.ts";
import type { Host } from "../host.ts";
import type { Access } from "./access.ts";
import { noteOutcome } from "./auditing.ts";
import { refusedByBody, refusedByRole } from "./authorize.ts";
import { sendProblem } from "./problems.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Null until the door let it in. */
    caller: Caller | null;
    /** For the audit log: the problem it was answered with, the job or the session it was about. */
    noted: { code?: string; job?: string; about?: string } | null;
  }
  interface FastifyContextConfig {
    /** Absent where the path is no route. */
    readonly name?: RouteName;
    readonly isShell?: boolean;
    readonly hasSocket?: boolean;
  }
}

export function guard(app: FastifyInstance, host: Host, access: Access): void {
  app.decorateRequest("caller", null);
  app.decorateRequest("noted", null);
  app.addHook("onRequest", async (request, reply) => {
    for (const [name, value] of Object.entries(access.headers)) reply.raw.setHeader(name, value);
    const { name, isShell } = request.routeOptions.config;
    const role = isShell ? "shell" : name === undefined ? "viewer" : routes[name].role;
    const admitted = access.admit(request.raw, { role, isSocket: isUpgrade(request) });
    if (!admitted.ok) return sendProblem(reply, admitted.problem);
    enter(access, { request, reply }, admitted.value);
    const refused = name === undefined ? null : refusedByRole(admitted.value, name, host.settings);
    return refused === null ? undefined : sendProblem(reply, refused);
  });
  app.addHook("preHandler", async (request, reply) => {
    const { name } = request.routeOptions.config;
    if (request.caller === null || name === undefined) return undefined;
    const asked = request as Pick<
      FastifyRequest<{ Body: Fields; Querystring: Fields; Params: Fields }>,
      "body" | "query" | "params"
    >;
    const refused = await refusedByBody(request.caller, name, { asked, host });
    return refused === null ? undefined : sendProblem(reply, refused);
  });
  app.addHook("onResponse", async (request, reply) =>
    noteOutcome(host.audit, { access, request, status: reply.statusCode }),
  );
}

/** Asked before the framework's own mark is there. */
function isUpgrade({ raw }: FastifyRequest): boolean {
  return raw.headers.upgrade !== undefined;
}

type Fields = Record<string, unknown>;

/** A session lasts at least as long as what it has open. */
function enter(
  access: Access,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  caller: Caller,
): void {
  request.caller = caller;
  access.begin(caller, request.raw);
  const last = isUpgrade(request) ? request.raw.socket : reply.raw;
  last.once("close", () => access.end(caller, request.raw));
}
