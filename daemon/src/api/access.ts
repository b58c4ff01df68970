import type { IncomingMessage } from "node:http";
import { userInfo } from "node:os";
import type { Outcome } from "@aither/engine";
import { problem, type Problem, type Route } from "@aither/protocol";
import type { Caller, Door } from "../doors/face.ts";
import { ok } from "./outcome.ts";

/** What a request asks for: a route's role; `shell` is a page, which holds nothing and proves nothing. */
export type Wanted = { readonly role: Route["role"] | "shell"; readonly isSocket: boolean };

/** A door: who may come in, and as whom. */
export type Access = {
  readonly door: Door;
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Asked before anything else is done for a request. */
  admit(request: IncomingMessage, wanted: Wanted): Outcome<Caller>;
  /** Told when a request that was let in begins and ends. */
  begin(caller: Caller, request: IncomingMessage): void;
  end(caller: Caller, request: IncomingMessage): void;
};

/**
 * The socket's door. The file's permissions are the check; whatever a browser sends is refused all the same, so that
 * no page can reach it through something that forwards a port to the socket.
 */
export function socketAccess(): Access {
  const caller: Caller = { door: "socket", role: "admin", by: userName(), session: null };
  return {
    door: "socket",
    headers: {},
    begin: () => undefined,
    end: () => undefined,
    admit: ({ headers }) => {
      const refused = refuseBrowsers(headers);
      return refused === null ? ok(caller) : { ok: false, problem: refused };
    },
  };
}

const hosts = new Set(["localhost", "127.0.0.1", "[::1]", "aither", "aitherd"]);

function refuseBrowsers(headers: IncomingMessage["headers"]): Problem | null {
  for (const name of ["origin", "referer"] as const) {
    if (headers[name] !== undefined) return problem("FORBIDDEN", `requests with the header ${name} are refused`);
  }
  const host = (headers.host ?? "").toLowerCase().replace(/:\d+$/, "");
  if (hosts.has(host)) return null;
  return problem("FORBIDDEN", `host is ${JSON.stringify(headers.host ?? "")}; it must be localhost`);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // An id without an entry in the password file, as containers have them.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
