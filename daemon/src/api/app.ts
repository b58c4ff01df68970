import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { PROTOCOL, VERSION, problem } from "@aither/protocol";
import { fastify, type FastifyInstance } from "fastify";
import type { Host } from "../host.ts";
import { socketAccess, type Access } from "./access.ts";
import type { Context } from "./context.ts";
import { acceptEmptyBodies } from "./bodies.ts";
import { guard } from "./guard.ts";
import { doorLimits, limits } from "./limits.ts";
import { masking } from "./masking.ts";
import { drain, problemOf, sendProblem } from "./problems.ts";
import { pageRoutes } from "./routes/page.ts";
import { artifactRoutes } from "./routes/artifacts.ts";
import { cacheRoutes } from "./routes/cache.ts";
import { cancelRoute } from "./routes/cancel.ts";
import { daemonRoutes } from "./routes/daemon.ts";
import { eventRoutes } from "./routes/events.ts";
import { explainRoute } from "./routes/explain.ts";
import { inputRoute } from "./routes/input.ts";
import { listRoute } from "./routes/list.ts";
import { logPlaceRoutes } from "./routes/log-places.ts";
import { logRoute } from "./routes/logs.ts";
import { pauseRoute } from "./routes/pause.ts";
import { playbookRoutes } from "./routes/playbooks.ts";
import { pruneRoute } from "./routes/prune.ts";
import { removeRoute } from "./routes/remove.ts";
import { reportRoute } from "./routes/report.ts";
import { resumeRoute } from "./routes/resume.ts";
import { retryRoute } from "./routes/retry.ts";
import { scriptRoutes } from "./routes/scripts.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { searchRoutes } from "./routes/search.ts";
import { showRoute } from "./routes/show.ts";
import { skipRoute } from "./routes/skip.ts";
import { startRoute } from "./routes/start.ts";
import { undoRoutes } from "./routes/undo.ts";
import { waitRoute } from "./routes/wait.ts";
import { EventHub } from "./streams/event-hub.ts";
import { answerBroken, answerUnknown } from "./unknown.ts";
import { validatorCompiler } from "./validate.ts";
import { limitWebSockets, takeWebSockets } from "./web-sockets.ts";

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
  logPlaceRoutes,
  searchRoutes,
  artifactRoutes,
  reportRoute,
  cacheRoutes,
  removeRoute,
  pruneRoute,
  explainRoute,
  playbookRoutes,
  scriptRoutes,
  sessionRoutes,
  daemonRoutes,
];

type ApiOptions = {
  readonly access?: Access;
  /** One for all doors, because a cursor that one of them gave must mean the same at the other. */
  readonly hub?: EventHub;
};

export function createHub(host: Host): EventHub {
  return new EventHub(host, (jobId) => host.store.secrets.now(jobId));
}

/** Builds the API for one listener. `access` is the listener's door; everything behind it is the same for all. */
export function buildApi(host: Host, { access = socketAccess(), hub: shared }: ApiOptions = {}): FastifyInstance {
  const bounds = doorLimits[access.door];
  const hub = shared ?? createHub(host);
  const app = fastify({
    bodyLimit: limits.bodyBytesMax,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: limits.pathPartBytesMax },
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: bounds.headersMs,
      connectionsCheckingInterval: bounds.checkedEveryMs,
    },
    // Until it has arrived. How long an answer takes is not bounded: a wait or a follow may be quiet for hours.
    requestTimeout: bounds.requestMs,
    // The framework's own 503 is no problem document; `refuseWhenClosing` says it in our words.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(error, host.log)),
    clientErrorHandler: answerBroken,
  });
  app.server.maxConnections = bounds.connectionsMax;
  const closing = new AbortController();
  // Every stream and every wait listens to it.
  setMaxListeners(0, closing.signal);
  const context: Context = { host, hub, closing: closing.signal };

  app.decorate("masked", masking(host));
  app.setValidatorCompiler(validatorCompiler);
  app.setErrorHandler(async (error, request, reply) => {
    const found = problemOf(error, host.log);
    if (found.status === 413) await drain(request, reply).catch(() => undefined);
    return sendProblem(reply, found);
  });
  app.setNotFoundHandler(answerUnknown);
  app.addHook("onRequest", async (request, reply) => {
    for (const [name, value] of Object.entries(versions)) reply.raw.setHeader(name, value);
    // Should it be refused, its connection ends with it: a client that keeps connections has to know.
    if (request.raw.headers.upgrade !== undefined) reply.raw.setHeader("connection", "close");
  });
  refuseWhenClosing(app, closing.signal);
  guard(app, host, access);
  // A refused upgrade has a socket that no HTTP parser reads any more; nobody else would ever close it.
  app.addHook("onResponse", async (request) => {
    if (request.raw.headers.upgrade !== undefined) request.raw.socket.destroy();
  });
  acceptEmptyBodies(app);
  app.addHook("preClose", async () => {
    closing.abort();
    if (shared === undefined) hub.close();
  });
  takeWebSockets(app, host.log);
  void app.register(async (scope) => {
    scope.websocketServer.on("headers", (headers) => {
      for (const [name, value] of Object.entries(versions)) headers.push(`${name}: ${value}`);
    });
    // An upgrade that is none: the library would answer with a page.
    scope.websocketServer.on("wsClientError", (error: Error, socket: Socket) => answerBroken(error, socket));
    limitWebSockets(scope, bounds);
    for (const route of routesOfTheApi) route(scope, context);
    if (access.door === "tcp") pageRoutes(scope);
  });
  return app;
}

/** Connections that are open may still ask; whatever would answer them is being closed. Nothing is done. */
function refuseWhenClosing(app: FastifyInstance, closing: AbortSignal): void {
  app.addHook("onRequest", async (_request, reply) =>
    closing.aborted ? sendProblem(reply, problem("STOPPING", "the daemon is stopping; scripts run on")) : undefined,
  );
}

const versions = { "aither-version": VERSION, "aither-protocol": `${PROTOCOL.min}-${PROTOCOL.max}` };
