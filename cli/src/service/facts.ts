/** What a service needs to know of this machine and this installation. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "@aither/client/node";
import type { Context } from "../context.ts";

export type ServiceFacts = {
  /** Absolute paths: a service has no PATH of yours. */
  readonly node: string;
  readonly entry: string;
  readonly home: string;
  readonly lock: string;
  readonly log: string;
  readonly socket: string;
  /** The owner of the home, who is to run it. */
  readonly uid: number;
  /** Variables that decide where socket and settings are, and must be the command line's. */
  readonly env: Readonly<Record<string, string>>;
  /** `flock(1)` is there. */
  readonly flock: boolean;
  /** Tells several homes of one user apart: empty for the usual home. */
  readonly suffix: string;
};

const decisive = ["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"];

/** Refuses what would end in a service that serves nobody. */
export function serviceFacts(context: Context, usualHome: string): ServiceFacts {
  const { places, env } = context;
  if (env["AITHER_HOST"])
    throw fail("SETTING_INVALID", "AITHER_HOST names a daemon that was started by somebody else", {
      hint: "unset AITHER_HOST to install a service for your own home",
    });
  const told = [places.home, process.execPath, ...decisive.map((name) => env[name] ?? "")];
  for (const path of told)
    if (/\p{Cc}|\p{Surrogate}/u.test(path))
      throw fail("HOME_UNUSABLE", `no service can be told the path ${JSON.stringify(path)}`);
  const digest = /([0-9a-f]{8})[0-9a-f]*(?:\.sock)?$/.exec(places.socket)?.[1] ?? "";
  return {
    node: process.execPath,
    entry: daemonEntry(),
    home: places.home,
    lock: places.lock,
    log: places.daemonLog,
    socket: places.socket,
    uid: statSync(places.home, { throwIfNoEntry: false })?.uid ?? process.getuid?.() ?? 0,
    env: Object.fromEntries(decisive.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
    flock: findProgram("flock", "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin") !== null,
    suffix: places.home === usualHome ? "" : `-${digest}`,
  };
}

/** `bin/aitherd` of this installation, from the bundle or from the source. */
export function daemonEntry(): string {
  const found = ["../../bin/aitherd", "../../../bin/aitherd"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (found === undefined) throw fail("DAEMON_START_FAILED", "aitherd is not beside this aither");
  return found;
}

/** Where a program is; null when it is nowhere on `path`. */
export function findProgram(name: string, path: string): string | null {
  for (const folder of path.split(process.platform === "win32" ? ";" : ":")) {
    const file = join(folder || ".", name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not here.
    }
  }
  return null;
}
