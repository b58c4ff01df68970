import type { Outcome } from "@aither/engine";
import { routes, type Body, type Params, type Query, type Reply, type RouteName } from "@aither/protocol";
import { contracts } from "@aither/protocol/contracts";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { WebSocket } from "ws";
import { noteJob } from "./auditing.ts";
import { limits } from "./limits.ts";
import { sendProblem } from "./problems.ts";

/** A request as its contract says it is. */
export type Call<Name extends RouteName> = {
  readonly params: Params<Name>;
  readonly query: Query<Name>;
  readonly body: Body<Name>;
  /** Who asks, for the events. */
  readonly by: string;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

/** Answers a call with one document. */
export function mount<Name extends RouteName>(
  app: FastifyInstance,
  name: Name,
  handle: (call: Call<Name>) => Promise<Outcome<Reply<Name>>>,
): void {
  app.route({
    ...options(name),
    handler: async (request, reply) => {
      const { params, body } = request;
      const outcome = await app.masked({ name, params, body, outcome: await handle(callOf<Name>(request, reply)) });
      if (outcome.ok) noteJob(request, outcome.value);
      if (!outcome.ok) return sendProblem(reply, outcome.problem);
      return reply.code(contracts[name].status).type("application/json").send(JSON.stringify(outcome.value));
    },
  });
}

type Stream<Name extends RouteName> = {
  /** Sends the answer itself, or returns a refusal while nothing was sent yet. */
  readonly answer: (call: Call<Name>) => Promise<Outcome<undefined>>;
  /** Null, or why there may be no WebSocket. Asked before the upgrade. */
  readonly admit?: (call: Call<Name>) => Promise<Outcome<undefined>>;
  readonly socket?: (socket: WebSocket, call: Call<Name>) => Promise<void>;
};

/** Answers a call with a stream, and a WebSocket upgrade on the same path with frames. */
export function mountStream<Name extends RouteName>(app: FastifyInstance, name: Name, stream: Stream<Name>): void {
  const { admit, socket } = stream;
  app.route({
    ...options(name),
    ...(admit && {
      preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
        if (!request.ws) return;
        const outcome = await admit(callOf<Name>(request, reply));
        if (outcome.ok) return;
        const { params, body } = request;
        const masked = await app.masked({ name, params, body, outcome });
        if (!masked.ok) await sendProblem(reply, masked.problem);
      },
    }),
    ...(socket && {
      config: { name, hasSocket: true },
      wsHandler: async (ws: WebSocket, request: FastifyRequest) =>
        socket(ws, callOf<Name>(request, undefined as never)),
    }),
    handler: async (request, reply) => {
      const { params, body } = request;
      const outcome = await stream.answer(callOf<Name>(request, reply));
      if (outcome.ok) return reply;
      const masked = await app.masked({ name, params, body, outcome });
      if (!masked.ok) return sendProblem(reply, masked.problem);
      return reply;
    },
  });
}

function options(name: RouteName): Pick<RouteOptions, "method" | "url" | "schema" | "bodyLimit" | "config"> {
  const { method, path } = routes[name];
  const contract = contracts[name];
  return {
    method,
    url: path,
    config: { name },
    schema: {
      ...("params" in contract && { params: contract.params }),
      ...("query" in contract && { querystring: contract.query }),
      ...("body" in contract && { body: contract.body }),
    },
    bodyLimit: withPlaybook.has(name) ? limits.playbookBodyBytesMax : limits.bodyBytesMax,
  };
}

const withPlaybook: ReadonlySet<RouteName> = new Set(["startJob", "planPlaybook", "validatePlaybook"]);

/** The one place where what was checked becomes what the contract says. */
function callOf<Name extends RouteName>(request: FastifyRequest, reply: FastifyReply): Call<Name> {
  return {
    params: request.params as Params<Name>,
    query: request.query as Query<Name>,
    body: request.body as Body<Name>,
    by: request.caller?.by ?? "",
    request,
    reply,
  };
}
