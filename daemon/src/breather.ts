import { setImmediate } from "node:timers/promises";

/** Going through very much takes a second or more: everybody else gets a turn in between. */
export function breather(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN_MS) return;
    await setImmediate();
    since = performance.now();
  };
}

const TURN_MS = 10;
