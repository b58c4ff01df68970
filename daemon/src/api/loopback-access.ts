/**
 * The loopback door. Any process of the machine and any page in a browser can reach it, so before anything else: is the
 * name ours, does the page come from us, and is there a proof? A cookie alone is none, because browsers send it to
 * every port of 127.0.0.1.
 */
import type { IncomingMessage } from "node:http";
import type { Outcome } from "@aither/engine";
import { problem, type Problem } from "@aither/protocol";
import type { Caller, Session } from "../doors/face.ts";
import type { Sessions } from "../doors/loopback-door.ts";
import type { Access, Wanted } from "./access.ts";
import { limits } from "./limits.ts";
import { ok, refuse } from "./outcome.ts";

type Headers = IncomingMessage["headers"];

type LoopbackOptions = {
  readonly port: () => number;
  readonly sessions: Sessions;
  readonly nowMs: () => number;
};

/** The name of the cookie says the port, because two daemons of one machine share their cookies. */
export function cookieName(port: number): string {
  return `aither_${port}`;
}

const stranger: Caller = { door: "tcp", role: "anyone", by: "", session: null };

export function loopbackAccess({ port, sessions, nowMs }: LoopbackOptions): Access {
  const proven = (headers: Headers): Outcome<Session> => {
    const bearer = bearerOf(headers);
    if (bearer !== null) {
      if (headers.origin !== undefined || headers.cookie !== undefined)
        return refuse("FORBIDDEN", "a token is for programs: a request with an origin or a cookie may not carry one");
      const found = sessions.ofToken(bearer, nowMs());
      return found === null ? refuse("NO_SESSION", "the token is not known here, or has ended") : ok(found);
    }
    const cookies = cookiesOf(headers, cookieName(port()));
    const key = keyOf(headers);
    if (cookies.length === 0 || key === null) {
      const lacks = [...(cookies.length === 0 ? ["cookie"] : []), ...(key === null ? ["key"] : [])].join(" and ");
      return refuse("NO_SESSION", `the request has no token, and for a browser's it lacks the ${lacks}`);
    }
    const found = sessions.ofBrowser(cookies, key, nowMs());
    return found === null ? refuse("NO_SESSION", "the session is not known here, or has ended") : ok(found);
  };
  const enter = (session: Session): Caller => {
    sessions.used(session, nowMs());
    return { door: "tcp", role: session.role, by: `session ${session.id} (${session.role})`, session: session.id };
  };
  return {
    door: "tcp",
    headers: sentWithAll,
    admit: (request, wanted) => {
      const { headers } = request;
      const refused = refuseStrangers(headers, wanted, port()) ?? refuseForms(request);
      if (refused !== null) return { ok: false, problem: refused };
      if (wanted.role === "shell" || wanted.role === "anyone") return ok(stranger);
      const found = proven(headers);
      return found.ok ? ok(enter(found.value)) : found;
    },
    begin: ({ session }, { socket }) => void (session !== null && sessions.connections.begin(session, socket)),
    end: ({ session }, { socket }) => void (session !== null && sessions.connections.end(session, socket)),
  };
}

/** What is sent may be opened in a browser by mistake or by malice: it runs nothing, frames nothing, is kept nowhere. */
const sentWithAll = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "",
  "cache-control": "no-store",
} as const;

/** Names that lead elsewhere, pages that are not ours. What a browser says of where a request comes from is believed. */
function refuseStrangers(headers: Headers, { role, isSocket }: Wanted, port: number): Problem | null {
  const { host = "", origin } = headers;
  const names = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  if (!names.includes(host)) return strange(`host is ${JSON.stringify(host)}; it must be ${names[0]}`);
  if (origin !== undefined && origin !== `http://${host}`)
    return strange(`the page's origin is ${JSON.stringify(origin)}; it must be http://${host}`);
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none" && !(role === "shell" && isNavigation(headers)))
    return strange(`the request comes from another site (sec-fetch-site: ${JSON.stringify(site)})`);
  if (isSocket && origin === undefined && bearerOf(headers) === null)
    return strange("a WebSocket needs the header origin, or a token");
  return null;
}

function strange(detail: string): Problem {
  return problem("FORBIDDEN", detail, { hint: "only its own pages, and programs with a token, may use this door" });
}

/** Whoever follows a link from elsewhere, or opens our file on disk, gets the shell; it holds nothing. */
function isNavigation(headers: Headers): boolean {
  return headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
}

/** A form of any page can post texts to any address; JSON it cannot. */
function refuseForms({ method, headers }: IncomingMessage): Problem | null {
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (method === "GET" || method === "HEAD" || type === "application/json") return null;
  return problem("NOT_JSON", `content-type is ${JSON.stringify(type ?? "")}; only GET may be anything but JSON`);
}

function bearerOf({ authorization }: Headers): string | null {
  if (authorization === undefined) return null;
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? "";
}

function cookiesOf({ cookie = "" }: Headers, name: string): readonly string[] {
  const values = cookie.split(";").map((pair) => pair.trim());
  return values
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
    .slice(0, limits.cookiesMax);
}

/** A WebSocket of a page cannot have headers of its own: there the key is a sub-protocol. It is never in an address. */
function keyOf(headers: Headers): string | null {
  const header = headers["x-aither-key"];
  if (typeof header === "string" && header !== "") return header;
  const protocols = headers["sec-websocket-protocol"]?.split(",").map((one) => one.trim()) ?? [];
  return protocols.find((one) => one.startsWith("key."))?.slice("key.".length) ?? null;
}
