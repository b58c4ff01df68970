/** Waiting for a named thing. Looking again is all there is for files and processes of others; time decides nothing. */
import { setTimeout as delay } from "node:timers/promises";

const LOOK_MS = 10;
const PATIENCE_MS = 30_000;

/** The first value that is neither null, undefined nor false; fails by name when it never comes. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > until) throw new Error(`waited ${patienceMs} ms in vain for: ${what}`);
    await delay(LOOK_MS);
  }
}
