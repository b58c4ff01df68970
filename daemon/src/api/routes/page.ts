/**
 * The pages of the loopback door: what it is, the exchange of a link's code, and the proof that the session works. They
 * are the same for everybody and hold nothing; what they show they ask for like any other client.
 */
import { randomBytes } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { pageScript, pageText } from "../page-text.ts";

export function pageRoutes(app: FastifyInstance): void {
  for (const url of ["/", "/open"]) {
    app.get(url, { config: { isShell: true } }, async (_request, reply) => {
      const nonce = randomBytes(16).toString("base64");
      reply.raw.setHeader("content-security-policy", policyOf(nonce));
      return reply.type("text/html; charset=utf-8").send(pageText(nonce));
    });
  }
  app.get("/assets/open.js", { config: { isShell: true } }, async (_request, reply) =>
    reply.type("text/javascript; charset=utf-8").send(pageScript),
  );
}

/** What runs and looks comes from here and nowhere else, no text becomes a script, and nobody frames it. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}
