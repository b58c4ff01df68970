/** Asks a thread to look through logs, a step at a time. A step that does not come back is ended with its thread. */
import { availableParallelism, loadavg } from "node:os";
import { Worker } from "node:worker_threads";
import type { FileOrder } from "./file-search.ts";
import type { FileHit } from "./part.ts";
import type { SearchQuery } from "./query.ts";
import type { Order, Step } from "./search-worker.ts";

/** A step takes a tenth of a second; what takes so much longer is a regex that tries everything. */
const REGEX_PATIENCE_MS = 2_000;
/** A text is never tried twice: only a disk can be so slow. */
const TEXT_PATIENCE_MS = 60_000;
/** Where others want the processor, too, a step takes longer by so much at most. */
const BUSY_MAX = 8;
/** A machine under load may need a while to begin. */
const START_PATIENCE_MS = 10_000;

/** The regex took too long: nothing more will come. */
export class SearchTooSlow extends Error {}

/** How many want each processor; 1 where nobody waits for one. */
function busyness(): number {
  return Math.min(BUSY_MAX, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));
}

/** The worker lies beside this file, as source and as bundle. */
const here = import.meta.url;
const workerUrl = here.replace(/[^/]*(\.[a-z]+)$/, "search-worker$1");

function startWorker(query: SearchQuery): Worker {
  const options = { workerData: query, env: {} };
  if (!here.endsWith(".ts")) return new Worker(new URL(workerUrl), options);
  // Node 20 does not give a thread the loader that runs our sources.
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const text = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(workerUrl)}); })`;
  return new Worker(text, { ...options, eval: true });
}

export class Searcher implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #ready: Promise<unknown>;
  readonly #isRegex: boolean;

  constructor(query: SearchQuery) {
    this.#worker = startWorker(query);
    this.#isRegex = query.regex;
    // The daemon may end while somebody searches.
    this.#worker.unref();
    this.#worker.on("error", () => undefined);
    this.#ready = this.#answer(START_PATIENCE_MS);
    this.#ready.catch(() => undefined);
  }

  /** What one file holds, in pieces, as they are found. */
  async *search(order: FileOrder): AsyncGenerator<readonly FileHit[], void, undefined> {
    await this.#ready;
    for (let step = this.#ask(order); ;) {
      const { hits, done } = await step;
      // The thread goes on while these are told; one step at most is done in vain for a reader who has enough.
      if (!done) step = this.#ask(null);
      yield hits;
      if (done) return;
    }
  }

  #ask(order: Order): Promise<Step> {
    const patienceMs = this.#isRegex ? REGEX_PATIENCE_MS * busyness() : TEXT_PATIENCE_MS;
    const step = this.#answer(patienceMs) as Promise<Step>;
    // Whoever stops reading does not wait for it.
    step.catch(() => undefined);
    this.#worker.postMessage(order);
    return step;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(patienceMs: number): Promise<unknown> {
    const worker = this.#worker;
    return new Promise<unknown>((resolve, reject) => {
      const settle = (run: () => void): void => {
        clearTimeout(timer);
        worker.off("message", answered);
        worker.off("error", failed);
        worker.off("exit", left);
        run();
      };
      const answered = (step: unknown): void => settle(() => resolve(step));
      const failed = (error: Error): void => settle(() => reject(error));
      const left = (): void => settle(() => reject(new Error("the searching thread ended")));
      const timer = setTimeout(() => {
        settle(() => reject(new SearchTooSlow()));
        void worker.terminate();
      }, patienceMs);
      worker.on("message", answered);
      worker.on("error", failed);
      worker.on("exit", left);
    });
  }
}
