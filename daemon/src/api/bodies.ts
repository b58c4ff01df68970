import { isShallow, JSON_DEPTH_MAX } from "@aither/protocol";
import type { FastifyInstance } from "fastify";

/** `curl -X POST …/cancel` sends no body, and means an empty one. */
export function acceptEmptyBodies(app: FastifyInstance): void {
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
