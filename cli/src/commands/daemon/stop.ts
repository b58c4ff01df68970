import { spawnSync } from "node:child_process";
import { fail, isAitherError, isUnreachable, lockHolder, readService, serviceCommand } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";

const PATIENCE_MS = 30_000;
const POLL_MS = 20;

/** `aither daemon stop`: returns when the process is gone. No daemon is what was wanted, too. */
export async function daemonStop(context: Context): Promise<number> {
  const pid = await stop(context);
  if (context.json) await context.io.write(document({ stopped: pid !== null, pid }));
  else if (!context.quiet)
    context.io.say(pid === null ? "aitherd does not run" : `aitherd stopped, pid ${pid}; running scripts go on`);
  return exit.done;
}

/** The pid of the daemon that was stopped; null when none ran. */
export async function stop(context: Context): Promise<number | null> {
  try {
    const { pid } = await context.calmClient.daemon();
    stopService(context.places.home);
    if (isAlive(pid)) {
      await context.calmClient.call("stopDaemon", {}).catch((error: unknown) => {
        if (!isUnreachable(error)) throw error;
      });
    }
    await gone(pid);
    return pid;
  } catch (error) {
    if (isUnreachable(error)) return null;
    if (isAitherError(error) && error.code === "PROTOCOL_MISMATCH") return stopBySignal(context, error);
    throw error;
  }
}

/** We do not speak its language; a signal every daemon understands. Who holds the lock of this home is its daemon. */
async function stopBySignal({ places }: Context, error: Error): Promise<number> {
  const holder = lockHolder(places);
  if (holder.is !== "held" || holder.pid === null) throw error;
  stopService(places.home);
  if (isAlive(holder.pid)) process.kill(holder.pid, "SIGTERM");
  await gone(holder.pid);
  return holder.pid;
}

/** A service manager starts anew what ended without its knowledge, so it is asked first. */
function stopService(home: string): void {
  const service = readService(home);
  if (service === null) return;
  const [file, ...argv] = serviceCommand(service, "stop");
  spawnSync(file, argv, { stdio: "ignore", timeout: PATIENCE_MS });
}

async function gone(pid: number): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (isAlive(pid)) {
    if (Date.now() > until) throw fail("DAEMON_UNREACHABLE", `aitherd (pid ${pid}) was asked to stop and still runs`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
