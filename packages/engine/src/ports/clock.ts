import type { Instant } from "@aither/protocol";

/**
 * Time as a parameter. `after` calls back once, never before `delayMs` (whole ms) have passed on the monotonic clock,
 * never within the call itself, and returns a way to forget it. `after(0)` is the loop's next turn (`setImmediate`):
 * the engine breathes through it between two turns of its own.
 */
export interface Clock {
  now(): Instant;
  after(delayMs: number, callback: () => void): () => void;
}
