import type { IncomingHttpHeaders } from "node:http";
import { userInfo } from "node:os";
import { problem, type Problem } from "@aither/protocol";

/** A door: who may come in, and as whom. */
export type Access = {
  /** Null lets the request in. */
  check(headers: IncomingHttpHeaders): Problem | null;
  /** Who asks, for `by` in the events. */
  readonly by: string;
};

/**
 * The socket's door. The file's permissions are the check; whatever a browser sends is refused all the same, so that
 * no page can reach it through something that forwards a port to the socket.
 */
export function socketAccess(): Access {
  return { check: refuseBrowsers, by: userName() };
}

const hosts = new Set(["localhost", "127.0.0.1", "[::1]", "aither", "aitherd"]);

function refuseBrowsers(headers: IncomingHttpHeaders): Problem | null {
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
