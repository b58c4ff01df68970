/** Chance, and the one counter of a home. */
import { randomUUID } from "node:crypto";
import type { Ids } from "@aither/engine";

export function createIds(options: { daemonId: string; nextNumber: () => number }): Ids {
  return { daemonId: options.daemonId, jobId: () => randomUUID(), jobNumber: options.nextNumber };
}

/** One word without blanks: it goes into fences. */
export function newInstance(): string {
  return randomUUID();
}
