/**
 * Listens for the bells of ended attempts: empty files in one directory, one name an attempt. A bell
 * says "look at the exit record", nothing more; who hears it twice or late is not misled.
 *
 * A watch on a busy directory can stall the loop for seconds if each event does work, so an event only
 * asks for a look, looks are spaced out, and one look covers all events before it; the first after a
 * pause looks at once, because somebody waits for that script's end. Events get lost
 * in silence when the kernel's queue overflows: a slow sweep looks without being asked.
 */
import { readdirSync, watch, type FSWatcher } from "node:fs";

export type WatchExitsOptions = {
  /** How often to look without being asked; default 1,000. */
  readonly sweepMs?: number;
  /** The least time between two looks; default 2. */
  readonly gapMs?: number;
  /** The directory could not be read; it is tried again with the next sweep. */
  readonly onError?: (error: unknown) => void;
};

/**
 * Calls `onBell` once for each name, also for those already there; again only after the file was
 * removed and came back. Remove the file once the end is recorded (`DurableFs.unlink`).
 */
export function watchExits(
  dir: string,
  onBell: (name: string) => void,
  options: WatchExitsOptions = {},
): { readonly look: () => void; readonly close: () => void } {
  const gapMs = options.gapMs ?? 2;
  let heard = new Set<string>();
  let closed = false;
  let nextLookAt = 0;
  let cancel: (() => void) | undefined;

  const look = (): void => {
    cancel = undefined;
    const startedAt = performance.now();
    try {
      // A directory of bells is small and in memory: reading it takes less than asking another thread to.
      const names = readdirSync(dir);
      const present = new Set(names);
      // Names are remembered only while their file lies there, so this never grows.
      heard = new Set([...heard].filter((name) => present.has(name)));
      for (const name of names) {
        if (closed || heard.has(name)) continue;
        heard.add(name);
        onBell(name);
      }
    } catch (error) {
      options.onError?.(error);
    }
    const endedAt = performance.now();
    // A full directory takes longer to read: looking must not become all we do.
    nextLookAt = endedAt + Math.max(gapMs, (endedAt - startedAt) * 2);
  };
  const ask = (): void => {
    if (closed || cancel !== undefined) return;
    const waitMs = nextLookAt - performance.now();
    if (waitMs <= 0) {
      const immediate = setImmediate(look);
      cancel = () => clearImmediate(immediate);
    } else {
      const timer = setTimeout(look, waitMs);
      cancel = () => clearTimeout(timer);
    }
  };
  const listener = createListener(dir, ask);
  const sweep = setInterval(() => {
    listener.listen();
    ask();
  }, options.sweepMs ?? 1_000).unref();
  listener.listen();
  ask();
  return {
    look: ask,
    close: () => {
      closed = true;
      clearInterval(sweep);
      cancel?.();
      listener.close();
    },
  };
}

/** A watch that may not be had, or break: the sweep goes on without it, and asks for it again. */
function createListener(
  dir: string,
  onChange: () => void,
): { readonly listen: () => void; readonly close: () => void } {
  let watcher: FSWatcher | undefined;
  const close = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  return {
    listen: () => {
      if (watcher !== undefined) return;
      try {
        watcher = watch(dir, { persistent: false });
        watcher.on("change", onChange);
        watcher.on("error", close);
      } catch {
        close();
      }
    },
    close,
  };
}
