import { fail, isUnreachable } from "@aither/client/node";
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
    await context.calmClient.call("stopDaemon", {});
    await gone(pid);
    return pid;
  } catch (error) {
    if (isUnreachable(error)) return null;
    throw error;
  }
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
