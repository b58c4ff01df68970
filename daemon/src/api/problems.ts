import { problem, type Problem } from "@aither/protocol";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../host.ts";
import { isDiskFailure, JournalDamaged, JournalNewer } from "../store/errors.ts";

/** Sends a problem document (RFC 9457). As bytes, because the framework would add a charset that JSON does not have. */
export function sendProblem(reply: FastifyReply, found: Problem): FastifyReply {
  reply.request.noted = { ...reply.request.noted, code: found.code };
  return reply
    .code(found.status)
    .type("application/problem+json")
    .send(Buffer.from(JSON.stringify(found)));
}

const DRAIN_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Reads a body that is too large to its end and forgets it. A client that is still writing when it is answered would
 * see a broken pipe instead of the answer.
 */
export async function drain(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { raw } = request;
  if (Number(raw.headers["content-length"] ?? 0) > DRAIN_BYTES_MAX || raw.destroyed) return;
  let bytes = 0;
  for await (const part of raw) {
    bytes += (part as Buffer).length;
    if (bytes > DRAIN_BYTES_MAX) return;
  }
  reply.removeHeader("connection");
}

/** Any error as a problem. What is not somebody's mistake is a bug of ours: the log gets its stack. */
export function problemOf(error: unknown, log: Log): Problem {
  const { code, message, validation, statusCode } = error as FastifyError;
  if (validation !== undefined) return problem("REQUEST_INVALID", message);
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return problem("BODY_TOO_LARGE", "the body is larger than this call takes");
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return problem("NOT_JSON", "the body must be JSON, with content-type: application/json");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return problem("REQUEST_INVALID", "a name in the path is longer than any name is");
    case "FST_ERR_BAD_URL":
      return problem("REQUEST_INVALID", "the path is not well formed: look at its % signs");
    default:
  }
  if (error instanceof JournalDamaged) return problem("JOB_DAMAGED", message);
  if (error instanceof JournalNewer) return problem("STATE_NEWER", message);
  if (isDiskFailure(error)) return problem("DISK_FAILED", message);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return problem("REQUEST_INVALID", message);
  log.error({ error: error instanceof Error ? (error.stack ?? message) : String(error) }, "a call failed");
  return problem("INTERNAL", error instanceof Error ? message : String(error));
}
