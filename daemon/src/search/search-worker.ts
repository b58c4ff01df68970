/** A thread of its own for looking through logs: whatever a regex does, the daemon's loop does not feel it. */
import { parentPort, workerData } from "node:worker_threads";
import { searchFile, type FileOrder } from "./file-search.ts";
import type { FileHit } from "./part.ts";
import { finderOf, type SearchQuery } from "./query.ts";

/** One step: so much is read, or so many lines are found, and then the asker decides whether to go on. */
const STEP_BLOCKS = 16;
const STEP_HITS = 2_000;
const STEP_MS = 100;

export type Step = { readonly hits: readonly FileHit[]; readonly done: boolean };
/** `null`: go on with the same file. */
export type Order = FileOrder | null;

const finder = finderOf(workerData as SearchQuery);
let running: Iterator<FileHit | null, void> | undefined;

parentPort?.postMessage("ready");
parentPort?.on("message", (order: Order) => {
  if (order !== null) running = searchFile(order, finder);
  const hits: FileHit[] = [];
  const endAt = performance.now() + STEP_MS;
  let blocks = 0;
  let done = running === undefined;
  while (running !== undefined && blocks < STEP_BLOCKS && hits.length < STEP_HITS && performance.now() < endAt) {
    const next = running.next();
    if (next.done === true) {
      done = true;
      break;
    }
    if (next.value === null) blocks += 1;
    else hits.push(next.value);
  }
  const step: Step = { hits, done };
  parentPort?.postMessage(step);
});
