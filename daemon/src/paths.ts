/** Places of this daemon, made ready: folders that only their owner can enter, and a socket path that fits. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { chmod, lstat, mkdir, stat } from "node:fs/promises";
import { places, problem, SOCKET_PATH_BYTES_MAX, type Places } from "@aither/protocol";
import { errorCode } from "./store/errors.ts";
import { StartRefused } from "./store/format.ts";

/** `AITHER_HOST=unix:///path` moves the socket; any other host is the clients' business. */
export function findPlaces(homeFlag: string | undefined): Places {
  const found = places(
    {
      platform: process.platform,
      env: process.env,
      homedir: homedir(),
      uid: process.getuid?.() ?? 0,
      cwd: process.cwd(),
      sha256: (text) => createHash("sha256").update(text).digest("hex"),
    },
    homeFlag,
  );
  const socket = /^unix:\/\/(\/.*)$/.exec(found.host)?.[1] ?? found.socket;
  return socket === found.socket ? found : { ...found, socket, socketFolder: dirname(socket) };
}

export function assertSocketPath({ socket }: Places): void {
  const bytes = Buffer.byteLength(socket);
  if (process.platform === "win32" || bytes <= SOCKET_PATH_BYTES_MAX) return;
  const detail = `the path of the socket has ${bytes} bytes, at most ${SOCKET_PATH_BYTES_MAX} work: ${socket}`;
  throw new StartRefused(problem("SOCKET_PATH_TOO_LONG", detail));
}

/** Makes home and state folder, 0700 from the first moment. */
export async function makeHome({ home, state }: Places): Promise<void> {
  try {
    await makeFolder(home);
    await makeFolder(state);
  } catch (error) {
    throw refusedBy(error, `the home ${home} cannot be used`);
  }
}

/** Whoever can enter this folder can command us, so it must be ours alone. */
export async function makeSocketFolder({ socketFolder }: Places): Promise<void> {
  if (process.platform === "win32") return;
  const hint = "remove it, or set XDG_RUNTIME_DIR to a folder of your own";
  const refuse = (what: string): StartRefused =>
    new StartRefused(problem("HOME_UNUSABLE", `the socket's folder ${socketFolder} ${what}`, { hint }));
  try {
    await makeFolder(socketFolder);
    const found = await lstat(socketFolder);
    if (!found.isDirectory()) throw refuse("is not a folder");
    if (found.uid !== process.getuid?.()) throw refuse("belongs to another user");
    if ((found.mode & 0o077) !== 0) await chmod(socketFolder, 0o700);
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    throw refusedBy(error, `the socket's folder ${socketFolder} cannot be made`);
  }
}

/** With its parents, 0700. Node's own `recursive` turns for ever below `/proc`. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, 0o700);
  }
}

/** What the disk said while starting, in the words of the catalogue; whatever else was thrown is a bug. */
export function refusedBy(error: unknown, what: string): StartRefused {
  // A failed sync carries what the disk said as its cause. (Asked by name: its class would load much before the lock.)
  const cause = error instanceof Error && error.name === "SyncFailed" ? error.cause : undefined;
  const code = errorCode(error);
  const reason = error instanceof Error ? error.message : String(error);
  if (cause !== undefined) return new StartRefused(problem("DISK_FAILED", `${what}: ${reason}`), error);
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) {
    return new StartRefused(problem("INTERNAL", `${what}: ${reason}`), error);
  }
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EIO") {
    return new StartRefused(problem("DISK_FAILED", `${what}: ${reason}`), error);
  }
  return new StartRefused(problem("HOME_UNUSABLE", `${what}: ${reason}`), error);
}
