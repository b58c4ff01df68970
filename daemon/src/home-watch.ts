/**
 * Is the home still ours? Somebody may remove it, move it away, or put another in its place; then the lock we hold is on a
 * file that nobody finds any more, another daemon may take the new one, and what we write is written into nothing. The
 * lock file says it: its name must lead to the very file it led to when we took it.
 */
import { statSync } from "node:fs";
import type { Places } from "@aither/protocol";
import type { Log } from "./host.ts";
import { errorCode } from "./store/errors.ts";

const LOOK_EVERY_MS = 1_000;
/** Once may be somebody who puts a folder back in the same moment. */
const TIMES_GONE = 2;

type Seen = { readonly inode: number; readonly device: number } | { readonly gone: string };

/** Tells `onGone`, once, in a sentence. Returns how to stop looking. */
export function watchHome(places: Places, log: Log, onGone: (what: string) => void): () => void {
  const ours = look(places);
  if ("gone" in ours) {
    onGone(ours.gone);
    return () => undefined;
  }
  let timesGone = 0;
  const timer = setInterval(() => {
    const what = whatIsWrong(places, ours, log);
    timesGone = what === null ? 0 : timesGone + 1;
    if (what === null || timesGone < TIMES_GONE) return;
    clearInterval(timer);
    onGone(what);
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

function whatIsWrong(places: Places, ours: Exclude<Seen, { gone: string }>, log: Log): string | null {
  try {
    const seen = look(places);
    if ("gone" in seen) return seen.gone;
    const isOurs = seen.inode === ours.inode && seen.device === ours.device;
    return isOurs ? null : `another file stands in the place of its lock, ${places.lock}`;
  } catch (error) {
    // It is there and cannot be looked at: that is no proof of anything.
    log.warn({ reason: String(error) }, "the lock cannot be looked at");
    return null;
  }
}

function look({ home, state, lock }: Places): Seen {
  for (const path of [lock, state, home]) {
    try {
      const { ino, dev } = statSync(path);
      if (path === lock) return { inode: ino, device: dev };
    } catch (error) {
      if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) throw error;
      if (path === home) return { gone: `the home ${home} is gone` };
      continue;
    }
    return { gone: path === state ? `its lock ${lock} is gone` : `its state folder ${state} is gone` };
  }
  return { gone: `the home ${home} is gone` };
}
