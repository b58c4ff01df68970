/**
 * One daemon per home, for ever: a kernel lock on `<state>/lock`, which no crash leaves behind. The starter takes it,
 *
 *     /bin/sh -c 'exec 9>>"$0"; flock -n 9 || exit 75; exec "$@"' LOCK node aitherd …
 *
 * and we inherit it as descriptor 9 (low enough that Node keeps it from our own children). Started by hand without it,
 * the daemon starts itself anew through that very line.
 */
import { spawn } from "node:child_process";
import { closeSync, constants, existsSync, fstatSync, openSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { createHash } from "node:crypto";
import { daemonNodeOptions } from "@aither/protocol";
import { errorCode } from "./store/errors.ts";

/** Another daemon owns this home. */
export const EXIT_OWNED = 75;

const LOCK_FD = 9;
const flockPaths = ["/usr/bin/flock", "/bin/flock", "/usr/local/bin/flock", "/run/current-system/sw/bin/flock"];
const LOCK_LINE = 'exec 9>>"$0"; flock -n 9 || exit 75; exec "$@"';
/** Says that this process is already the second one, so that a broken `flock` cannot make it start for ever. */
const STARTED_LOCKED = "AITHER_STARTED_LOCKED";
/** BSD's O_EXLOCK: open and lock in one. */
const O_EXLOCK = 0x20;

export type Lock =
  | { readonly is: "held" }
  | { readonly is: "owned-by-another" }
  /** A second process has the lock and is the daemon; this one only waits for its end. */
  | { readonly is: "handed-on"; readonly exitCode: Promise<number> };

/** `path` must be in a folder that exists. */
export async function takeLock(path: string): Promise<Lock> {
  if (process.platform === "darwin") return lockByOpening(path);
  // A pipe's name is a lock by itself.
  if (process.platform === "win32") return { is: "held" };
  if (!flockPaths.some((program) => existsSync(program))) return lockByName(path);
  if (isInherited(path)) {
    delete process.env[STARTED_LOCKED];
    return { is: "held" };
  }
  if (process.env[STARTED_LOCKED] !== undefined) throw new Error(`descriptor ${LOCK_FD} is not the lock ${path}`);
  return { is: "handed-on", exitCode: startLocked(path) };
}

function isInherited(path: string): boolean {
  try {
    const own = fstatSync(LOCK_FD);
    const wanted = statSync(path);
    return own.ino === wanted.ino && own.dev === wanted.dev;
  } catch {
    return false;
  }
}

async function startLocked(path: string): Promise<number> {
  // A folder in its place, or one that may not be written: the shell would only print it and leave with 2.
  closeSync(openSync(path, "a", 0o600));
  const [script = ""] = process.argv.slice(1);
  // Who starts it by hand need not know how its Node is best called; what he says himself comes later, and counts.
  const again = [process.execPath, ...daemonNodeOptions, ...process.execArgv, script, ...process.argv.slice(2)];
  const child = spawn("/bin/sh", ["-c", LOCK_LINE, path, ...again], {
    stdio: "inherit",
    env: { ...process.env, [STARTED_LOCKED]: "1" },
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === null ? 70 : 128)));
  });
}

function lockByOpening(path: string): Lock {
  try {
    openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK, 0o600);
    return { is: "held" };
  } catch (error) {
    const code = errorCode(error);
    if (code === "EAGAIN" || code === "EWOULDBLOCK") return { is: "owned-by-another" };
    throw error;
  }
}

/** Without `flock(1)`: a name in Linux's abstract socket space, which ends with its holder, too. */
async function lockByName(path: string): Promise<Lock> {
  const digest = createHash("sha256").update(path).digest("hex").slice(0, 32);
  const server = createServer((connection) => connection.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      if (errorCode(error) === "EADDRINUSE") resolve({ is: "owned-by-another" });
      else reject(error);
    });
    server.listen(`\0aither-${process.getuid?.() ?? 0}-${digest}`, () => {
      server.unref();
      resolve({ is: "held" });
    });
  });
}
