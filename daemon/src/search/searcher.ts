/** Asks a thread to look through logs, a step at a time. A step that does not come back is ended with its thread. */
import { Worker } from "node:worker_threads";
import type { FileOrder } from "./file-search.ts";
import type { FileHit } from "./part.ts";
import type { SearchQuery } from "./query.ts";
import type { Order, Step } from "./search-worker.ts";

/** A step takes a tenth of a second; what takes so much longer is a regex that tries everything. */
const STEP_PATIENCE_MS = 2_000;
/** A machine under load may need a while to begin. */
const START_PATIENCE_MS = 10_000;

/** The regex took too long: nothing more will come. */
export class SearchTooSlow extends Error {}

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

  constructor(query: SearchQuery) {
    this.#worker = startWorker(query);
    // The daemon may end while somebody searches.
    this.#worker.unref();
    this.#worker.on("error", () => undefined);
    this.#ready = this.#answer(START_PATIENCE_MS);
    this.#ready.catch(() => undefined);
  }

  /** What one file holds, in pieces, as they are found. */
  async *search(order: FileOrder): AsyncGenerator<readonly FileHit[], void, undefined> {
    for (let next: Order = order; ; next = null) {
      await this.#ready;
      const step = this.#answer(STEP_PATIENCE_MS);
      this.#worker.postMessage(next satisfies Order);
      const { hits, done } = (await step) as Step;
      yield hits;
      if (done) return;
    }
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
