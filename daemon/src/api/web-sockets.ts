/** WebSockets of one door: how many, and how much their clients may say. */
import { fastifyWebsocket } from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import type { WebSocket } from "ws";
import type { Log } from "../host.ts";
import { limits, type doorLimits } from "./limits.ts";
import { sendProblem } from "./problems.ts";
import { refuse } from "./outcome.ts";

type Bounds = (typeof doorLimits)["socket" | "tcp"];

/** To be awaited by whatever mounts a socket. */
export function takeWebSockets(app: FastifyInstance, log: Log): void {
  void app.register(fastifyWebsocket, {
    options: {
      maxPayload: limits.webSocketMessageBytesMax,
      perMessageDeflate: false,
      // The other sub-protocol of a page is its key, which is not to be sent back.
      handleProtocols: (offered: Set<string>) => (offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : false),
    },
    // A reader that vanishes is an ordinary event, not an error of ours.
    errorHandler: (error, socket) => {
      log.debug({ reason: error.message }, "a WebSocket ended badly");
      socket.terminate();
    },
    preClose: closeSockets,
  });
}

const SUB_PROTOCOL = "aither.v1";
/** Close code of RFC 6455 for whoever breaks a rule of the server. */
const POLICY_VIOLATION = 1008;
const RATE_WINDOW_MS = 10_000;

export function limitWebSockets(app: FastifyInstance, bounds: Bounds): void {
  app.addHook("preHandler", async (request, reply) => {
    if (!request.ws) return;
    if (!request.routeOptions.config.hasSocket) {
      await sendProblem(reply, refuse("REQUEST_INVALID", "there is no WebSocket on this path").problem);
      return;
    }
    if (app.websocketServer.clients.size < bounds.webSocketsMax) return;
    await sendProblem(reply, refuse("LIMIT_REACHED", `${bounds.webSocketsMax} WebSockets are open`).problem);
  });
  app.websocketServer.on("connection", (socket) => limitMessages(socket));
  if (bounds.webSocketIdleMs !== null) endIdle(app, bounds.webSocketIdleMs);
}

/** Clients have nothing to say, and what they say costs us time: who says much is shown out. */
function limitMessages(socket: WebSocket): void {
  let windowBegan = 0;
  let count = 0;
  const heard = (): void => {
    const now = performance.now();
    if (now - windowBegan > RATE_WINDOW_MS) {
      windowBegan = now;
      count = 0;
    }
    count += 1;
    if (count <= limits.webSocketMessagesMax) return;
    socket.close(POLICY_VIOLATION, "too many messages");
    // What it still sends is not read any more.
    socket.terminate();
  };
  socket.on("message", heard);
  socket.on("ping", heard);
}

/** Asks all clients now and then, and ends those that did not answer to the last time. */
function endIdle(app: FastifyInstance, idleMs: number): void {
  const silent = new WeakSet<WebSocket>();
  const timer = setInterval(() => {
    for (const client of app.websocketServer.clients) {
      if (silent.has(client)) {
        client.terminate();
        continue;
      }
      silent.add(client);
      client.ping();
    }
  }, idleMs).unref();
  app.websocketServer.on("connection", (socket) => socket.on("pong", () => silent.delete(socket)));
  app.addHook("onClose", async () => clearInterval(timer));
}

/** Says good-bye to every socket, and does not wait for those who do not answer. */
function closeSockets(this: FastifyInstance, done: () => void): void {
  const { clients } = this.websocketServer;
  for (const client of clients) client.close(1001, "the daemon stops");
  const timer = setTimeout(() => {
    for (const client of clients) client.terminate();
  }, 500);
  this.websocketServer.close(() => clearTimeout(timer));
  done();
}
