/** What fits no route, or is not even a request: answered with a problem like everything else. */
import type { Socket } from "node:net";
import { problem, routes, type Problem } from "@aither/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse } from "./outcome.ts";
import { sendProblem } from "./problems.ts";

const known = Object.values(routes).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`),
}));

/** 405 where the path is known and the method is not. */
export function answerUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split("?")[0] ?? "";
  const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  const what = `there is no ${request.method} ${shortened(path)}`;
  if (methods.length === 0 || methods.some((method) => method === request.method))
    return sendProblem(reply, refuse("NOT_FOUND", what).problem);
  reply.header("allow", methods.join(", "));
  return sendProblem(reply, refuse("METHOD_NOT_ALLOWED", `${what}; there is ${methods.join(", ")}`).problem);
}

const SHOWN_MAX = 200;

function shortened(path: string): string {
  return path.length <= SHOWN_MAX ? path : `${path.slice(0, SHOWN_MAX)}…`;
}

/** The parser, or a time limit, gave up on a connection before there was a request. */
export function answerBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return;
  // Not in the middle of an answer.
  if (socket.bytesWritten === 0) socket.write(textOf(problemOfBroken(error)));
  socket.destroySoon();
}

function problemOfBroken({ code, message }: NodeJS.ErrnoException): Problem {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return problem("REQUEST_TOO_SLOW", "the request did not arrive in time");
  if (code === "HPE_HEADER_OVERFLOW") return problem("HEADERS_TOO_LARGE", "the request's headers are too large");
  return problem("REQUEST_INVALID", `this is no HTTP request that can be read: ${message}`);
}

const phrases: Readonly<Record<number, string>> = {
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

function textOf(found: Problem): string {
  const body = JSON.stringify(found);
  return [
    `HTTP/1.1 ${found.status} ${phrases[found.status] ?? "Bad Request"}`,
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
