// The real daemon from the built bundle, in a home of its own.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "../../scripts/lib/root.ts";
import { connect } from "./api.ts";
import type { Api } from "./api.ts";

export type Bench = {
  readonly api: Api;
  /** From its birth to its first answer. */
  readonly startMs: number;
  readonly pid: number;
  /** The environment in which a command line finds this daemon. */
  readonly env: NodeJS.ProcessEnv;
  /** A folder to work in, also the workspace of all jobs. */
  readonly folder: string;
  stop(): Promise<void>;
};

/** A folder for a daemon: a workspace, with a home in it. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "aither-bench-"));
  mkdirSync(join(folder, "playbooks"));
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  mkdirSync(join(folder, "home"), { mode: 0o700 });
  return folder;
}

/** Starts aitherd and waits until it answers. Without a folder it gets one of its own, which goes when it stops. */
export async function startDaemon(given?: string): Promise<Bench> {
  const folder = given ?? makeFolder();
  const home = join(folder, "home");
  const env: NodeJS.ProcessEnv = { ...process.env, AITHER_HOME: home, XDG_RUNTIME_DIR: join(folder, "run") };
  delete env["NODE_EXTRA_CA_CERTS"];
  delete env["AITHER_HOST"];
  const log = openSync(join(folder, "aitherd.out"), "a");
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(root, "bin", "aitherd"), "--home", home], {
    cwd: folder,
    env,
    stdio: ["ignore", log, log],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const socket = await answering(
    env,
    () => child.exitCode !== null,
    () => readFileSync(join(folder, "aitherd.out"), "utf8"),
  );
  const startMs = performance.now() - startedAt;
  const api = connect(socket);
  const status = (await api.call("GET", "/api/daemon")) as { pid: number };
  return {
    api,
    startMs,
    pid: status.pid,
    env,
    folder,
    async stop() {
      await api.call("POST", "/api/daemon/stop", {});
      await ended;
      api.close();
      if (given === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answering(env: NodeJS.ProcessEnv, dead: () => boolean, said: () => string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const { places } = await import("@aither/protocol");
  const at = places({
    platform: process.platform,
    env,
    homedir: env["HOME"] ?? "/",
    uid: process.getuid?.() ?? 0,
    cwd: process.cwd(),
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
  });
  for (let tries = 0; tries < 5_000; tries += 1) {
    if (dead()) throw new Error(`aitherd ended: ${said()}`);
    const api = connect(at.socket);
    try {
      await api.call("GET", "/api/health");
      return at.socket;
    } catch {
      await pause(2);
    } finally {
      api.close();
    }
  }
  throw new Error(`aitherd does not answer: ${said()}`);
}
