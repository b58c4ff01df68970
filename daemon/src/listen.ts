/**
 * The door on the file system: a socket of our own making, or the one that systemd holds for us (`sd_listen_fds(3)`).
 * Systemd's outlives every daemon: who calls while none runs waits in the kernel's queue, and wakes one.
 */
import { readFileSync, readlinkSync } from "node:fs";
import type { ListenOptions } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Places } from "@aither/protocol";
import { unlinkIfThere } from "./exit.ts";
import type { Log } from "./host.ts";

/** A storm of clients waits in the kernel instead of being refused. */
const BACKLOG = 4_096;
/** The first descriptor that systemd hands over. */
const FIRST_FD = 3;

/** Resolves when the socket answers. The lock is held, so a socket file that is there belongs to nobody, or to systemd. */
export async function listen(api: FastifyInstance, places: Places, log: Log): Promise<void> {
  const fd = socketHandedOver(places.socket, log);
  // The framework closes only what it opened itself.
  api.addHook("onClose", async () => {
    const closed = new Promise<void>((done) => api.server.close(() => done()));
    api.server.closeAllConnections();
    await closed;
  });
  await api.ready();
  if (fd !== null) {
    log.info({ fd }, "the socket is systemd's");
    return listenAt(api, { fd });
  }
  await unlinkIfThere(places.socket);
  return listenAt(api, { path: places.socket, backlog: BACKLOG });
}

/**
 * A socket of ours is 0600 from its first moment. The mask is the whole process's, so it is back before anything else
 * can happen: a folder made under it could not be entered. (The name is bound in the very call.)
 */
async function listenAt({ server }: FastifyInstance, where: ListenOptions & { readonly fd?: number }): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
  const umask = process.umask(0o177);
  try {
    server.listen(where);
  } finally {
    process.umask(umask);
  }
  await listening;
}

/** The descriptor that listens at `path`, if systemd gave us one; null when it did not. Its variables end with us. */
function socketHandedOver(path: string, log: Log): number | null {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = process.env;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete process.env[name];
  if (pid !== String(process.pid)) return null;
  const fds = Array.from({ length: Number(count) || 0 }, (_, at) => FIRST_FD + at);
  const found = fds.find((fd) => pathOfSocket(fd) === path);
  if (found === undefined && fds.length > 0) log.warn({ fds, path }, "systemd handed over sockets that are not ours");
  return found ?? null;
}

function pathOfSocket(fd: number): string | null {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
    if (inode === undefined) return null;
    const line = readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .map((text) => text.trim().split(/\s+/))
      .find((words) => words[6] === inode);
    return line?.slice(7).join(" ") ?? null;
  } catch {
    return null;
  }
}
