import { isUnreachable, wasReached } from "./problem.ts";

export type ResumeOptions = {
  readonly signal?: AbortSignal | undefined;
  /** How long nobody may answer before it is given up. */
  readonly patienceMs?: number;
};

export const RESUME_PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Reads a stream that may be cut: opens it, gives what comes, and opens it anew after a gap. `open` knows where to go
 * on, and returns true when there is nothing more to come. Any other error than "nobody answers" passes through.
 */
export async function* resuming<T>(
  open: (again: boolean) => AsyncGenerator<T, boolean, undefined>,
  { signal, patienceMs = RESUME_PATIENCE_MS }: ResumeOptions,
): AsyncGenerator<T, void, undefined> {
  let again = false;
  let pauseMs = FIRST_PAUSE_MS;
  let silentSince = Date.now();
  for (;;) {
    try {
      const stream = open(again);
      for (;;) {
        const next = await stream.next();
        if (next.done) {
          if (next.value) return;
          break;
        }
        again = true;
        pauseMs = FIRST_PAUSE_MS;
        yield next.value;
        silentSince = Date.now();
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!isUnreachable(error) || !(again || wasReached(error)) || Date.now() - silentSince > patienceMs) throw error;
    }
    if (signal?.aborted) return;
    again = true;
    await pause(pauseMs, signal);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

/** Resolves after `ms`, or at once when the signal is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener("abort", done, { once: true });
  });
}
