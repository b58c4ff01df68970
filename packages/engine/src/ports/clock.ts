import type { Instant } from "@aither/protocol";

/** Time as a parameter. `after` calls back once, never before `delayMs` have passed, and returns a way to forget it. */
export interface Clock {
  now(): Instant;
  after(delayMs: number, callback: () => void): () => void;
}
