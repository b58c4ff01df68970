import type { JobHandle } from "@aither/client/node";
import type { Context } from "./context.ts";
import { exit } from "./exit.ts";
import { leaving, type Leaving } from "./leaving.ts";

/**
 * For whoever started a job in the foreground. Ctrl-C: 1st cancels and waits for the end, 2nd stops what would still
 * run after a cancel, 3rd leaves. A terminal that is closed (SIGHUP), a SIGTERM or a reader that went away leave at
 * once. A job that somebody else started is only left.
 */
export function steering(context: Context, job: JobHandle, owner: boolean): Leaving {
  if (!owner) return leaving(context, `aither logs ${job.number} -f`);
  const { io, quiet } = context;
  const controller = new AbortController();
  let code: number | null = null;
  let presses = 0;
  const leave = (): void => {
    code ??= exit.stopped;
    controller.abort();
  };
  const refused = (error: unknown): void => {
    // It ended by itself in the meantime: its own end is on its way here.
    if (!quiet) io.say(error instanceof Error ? error.message : String(error));
  };
  const interrupt = (): void => {
    presses++;
    if (presses === 1) {
      if (!quiet) io.say(`\nCancelling #${job.number} … (Ctrl-C again: force)`);
      job.cancel({ reason: "Ctrl-C" }).catch(refused);
    } else if (presses === 2) {
      if (!quiet) io.say(`\nForcing #${job.number} to its end … (Ctrl-C again: leave)`);
      job.cancel({ reason: "Ctrl-C, twice", force: true }).catch(refused);
    } else leave();
  };
  process.on("SIGINT", interrupt);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, leave);
  // Nobody reads the output; the job was not meant to end with its reader.
  const unread = (): void => {
    code ??= exit.done;
    controller.abort();
  };
  io.unread.addEventListener("abort", unread, { once: true });
  return {
    signal: controller.signal,
    get code() {
      return code;
    },
    [Symbol.dispose]() {
      process.off("SIGINT", interrupt);
      for (const signal of ["SIGTERM", "SIGHUP"] as const) process.off(signal, leave);
      io.unread.removeEventListener("abort", unread);
    },
  };
}
