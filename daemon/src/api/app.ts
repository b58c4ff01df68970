import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { fastifyWebsocket } from "@fastify/websocket";
import { isShallow, JSON_DEPTH_MAX, PROTOCOL, VERSION } from "@aither/protocol";
import { fastify, type FastifyInstance } from "fastify";
import type { Host } from "../host.ts";
import { socketAccess, type Access } from "./access.ts";
import type { Context } from "./context.ts";
import { limits } from "./limits.ts";
import { masking } from "./masking.ts";
import { hasSocket } from "./mount.ts";
import { drain, problemOf, refuseBytes, sendProblem } from "./problems.ts";
import { artifactRoutes } from "./routes/artifacts.ts";
import { cancelRoute } from "./routes/cancel.ts";
import { daemonRoutes } from "./routes/daemon.ts";
import { eventRoutes } from "./routes/events.ts";
import { explainRoute } from "./routes/explain.ts";
import { inputRoute } from "./routes/input.ts";
import { listRoute } from "./routes/list.ts";
import { logRoute } from "./routes/logs.ts";
import { pauseRoute } from "./routes/pause.ts";
import { playbookRoutes } from "./routes/playbooks.ts";
import { pruneRoute } from "./routes/prune.ts";
import { removeRoute } from "./routes/remove.ts";
import { resumeRoute } from "./routes/resume.ts";
import { retryRoute } from "./routes/retry.ts";
import { scriptRoutes } from "./routes/scripts.ts";
import { searchRoutes } from "./routes/search.ts";
import { showRoute } from "./routes/show.ts";
import { skipRoute } from "./routes/skip.ts";
import { startRoute } from "./routes/start.ts";
import { undoRoutes } from "./routes/undo.ts";
import { waitRoute } from "./routes/wait.ts";
import { EventHub } from "./streams/event-hub.ts";
import { refuse } from "./outcome.ts";
import { validatorCompiler } from "./validate.ts";

const routesOfTheApi = [
  startRoute,
  listRoute,
  showRoute,
  waitRoute,
  cancelRoute,
  pauseRoute,
  resumeRoute,
  skipRoute,
  inputRoute,
  retryRoute,
  undoRoutes,
  eventRoutes,
  logRoute,
  searchRoutes,
  artifactRoutes,
  removeRoute,
  pruneRoute,
  explainRoute,
  playbookRoutes,
  scriptRoutes,
  daemonRoutes,
];

/** Builds the API for one listener. `access` is the listener's door; everything behind it is the same for all. */
export function buildApi(host: Host, access: Access = socketAccess()): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.bodyBytesMax,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: limits.pathPartBytesMax },
    http: { maxHeaderSize: limits.headerBytesMax },
    // A wait or a follow may be quiet for hours.
    requestTimeout: 0,
    clientErrorHandler: (error, socket) => refuseBytes(error, socket),
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(error, host.log)),
  });
  const closing = new AbortController();
  // Every stream and every wait listens to it.
  setMaxListeners(0, closing.signal);
  const hub = new EventHub(host, (jobId) => host.store.secrets.now(jobId));
  const context: Context = { host, access, hub, closing: closing.signal };

  app.decorate("masked", masking(host));
  app.setValidatorCompiler(validatorCompiler);
  app.setErrorHandler(async (error, request, reply) => {
    const found = problemOf(error, host.log);
    if (found.status === 413) await drain(request, reply).catch(() => undefined);
    return sendProblem(reply, found);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, refuse("NOT_FOUND", `there is no ${request.method} ${request.url.split("?")[0]}`).problem),
  );
  app.addHook("onRequest", async (request, reply) => {
    for (const [name, value] of Object.entries(versions)) reply.raw.setHeader(name, value);
    const refused = access.check(request.headers);
    if (refused !== null) await sendProblem(reply, refused);
  });
  // A refused upgrade has a socket that no HTTP parser reads any more; nobody else would ever close it.
  app.addHook("onResponse", async (request) => {
    if (request.raw.headers.upgrade !== undefined) request.raw.socket.destroy();
  });
  acceptEmptyBodies(app);
  app.addHook("preClose", async () => {
    closing.abort();
    hub.close();
  });
  void app.register(fastifyWebsocket, {
    options: { maxPayload: limits.webSocketMessageBytesMax, perMessageDeflate: false },
    // A reader that vanishes is an ordinary event, not an error of ours.
    errorHandler: (error, socket) => {
      host.log.debug({ reason: error.message }, "a WebSocket ended badly");
      socket.terminate();
    },
    preClose: closeSockets,
  });
  void app.register(async (scope) => {
    scope.websocketServer.on("headers", (headers) => {
      for (const [name, value] of Object.entries(versions)) headers.push(`${name}: ${value}`);
    });
    // An upgrade that is none: the library would answer with a page.
    scope.websocketServer.on("wsClientError", (error: Error, socket: Socket) => refuseBytes(error, socket));
    limitSockets(scope);
    for (const route of routesOfTheApi) route(scope, context);
  });
  return app;
}

const versions = { "aither-version": VERSION, "aither-protocol": `${PROTOCOL.min}-${PROTOCOL.max}` };

/** `curl -X POST …/cancel` sends no body, and means an empty one. */
function acceptEmptyBodies(app: FastifyInstance): void {
  app.removeContentTypeParser("text/plain");
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const text = String(body);
    if (text === "") done(null, {});
    else void parseJson(request, text, (error, value) => done(error ? notJson(error, text) : tooDeep(value), value));
  });
  app.addHook("preValidation", async (request) => {
    if (request.body === undefined && request.method === "POST") request.body = {};
  });
}

/** The framework's error says that something is wrong with the JSON; this one says what. */
function notJson(error: Error, text: string): Error {
  let reason = "it holds a key that objects of programs are made of";
  try {
    JSON.parse(text);
  } catch (found) {
    reason = found instanceof Error ? found.message : String(found);
  }
  return Object.assign(error, { message: `the body is not JSON that can be taken: ${reason}` });
}

/** Whoever walks a value calls itself for each level: this is where values come in. */
function tooDeep(value: unknown): Error | null {
  if (isShallow(value)) return null;
  return Object.assign(new Error(`the body is nested deeper than ${JSON_DEPTH_MAX}`), { statusCode: 400 });
}

function limitSockets(app: FastifyInstance): void {
  app.addHook("preHandler", async (request, reply) => {
    if (!request.ws) return;
    if (!hasSocket(request.routeOptions.config)) {
      await sendProblem(reply, refuse("REQUEST_INVALID", "there is no WebSocket on this path").problem);
      return;
    }
    if (app.websocketServer.clients.size < limits.webSocketsMax) return;
    await sendProblem(reply, refuse("LIMIT_REACHED", `${limits.webSocketsMax} WebSockets are open`).problem);
  });
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
