/** Gives batches to workers and watches them: what hangs, or eats the memory, is ended and named. */
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { BEAT, HANG_MS, HEAP_MB_MAX, RUN, SHARED_BYTES, type Batch, type Failure, type Report } from "./protocol.ts";
import type { Target } from "./target.ts";

const LOOK_MS = 250;

/** A thread of Node 20 does not inherit the loader that reads TypeScript. */
const bootstrap = `
import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))}).then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL("worker.ts", import.meta.url).href)});
});`;

export type Pool = AsyncDisposable & { run(batch: Batch): Promise<Report> };

/** So many workers; a batch waits for a free one. */
export function openPool(targets: readonly Target[], size: number, { hangMs = HANG_MS } = {}): Pool {
  const free: Lane[] = Array.from({ length: size }, () => new Lane(targets, hangMs));
  const all = [...free];
  const waiting: ((lane: Lane) => void)[] = [];
  return {
    run: async (batch) => {
      const lane = free.pop() ?? (await new Promise<Lane>((resolve) => waiting.push(resolve)));
      try {
        return await lane.run(batch);
      } finally {
        const next = waiting.shift();
        if (next === undefined) free.push(lane);
        else next(lane);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map(async (lane) => lane.close()));
    },
  };
}

class Lane {
  readonly #targets: readonly Target[];
  readonly #shared = new SharedArrayBuffer(SHARED_BYTES);
  #worker: Promise<Worker> | undefined;

  readonly #hangMs: number;

  constructor(targets: readonly Target[], hangMs: number) {
    this.#targets = targets;
    this.#hangMs = hangMs;
  }

  async run(batch: Batch): Promise<Report> {
    const worker = await (this.#worker ??= this.#start());
    const startedAt = performance.now();
    const end = (reason: string): Report => {
      this.#worker = undefined;
      void worker.terminate();
      const run = Atomics.load(new Int32Array(this.#shared), RUN);
      const failure: Failure = { batch, run, input: this.#inputOf(batch, run), reason };
      return { batch, ms: performance.now() - startedAt, runs: run + 1, failure };
    };
    return new Promise<Report>((resolve) => {
      const settle = (report: Report): void => {
        clearInterval(timer);
        worker.off("message", settle).off("error", die);
        resolve(report);
      };
      const die = (error: unknown): void => settle(end(`the thread died: ${inspect(error)}`));
      const timer = this.#watch(() => settle(end(`it hangs: no answer after ${this.#hangMs / 1_000} s`)));
      worker.on("message", settle).on("error", die);
      worker.postMessage(batch);
    });
  }

  async close(): Promise<void> {
    await (await this.#worker)?.terminate();
  }

  async #start(): Promise<Worker> {
    const worker = new Worker(bootstrap, {
      eval: true,
      execArgv: [],
      workerData: this.#shared,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX, stackSizeMb: 1 },
    });
    await new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", () => resolve(worker.off("error", reject)));
    });
    // One that is ended while it works may still say that it died.
    worker.on("error", () => undefined);
    return worker;
  }

  #watch(onHang: () => void): NodeJS.Timeout {
    const cells = new Int32Array(this.#shared);
    let beat = Atomics.load(cells, BEAT);
    let since = performance.now();
    return setInterval(() => {
      const now = Atomics.load(cells, BEAT);
      if (now !== beat) {
        beat = now;
        since = performance.now();
      } else if (performance.now() - since > this.#hangMs) onHang();
    }, LOOK_MS);
  }

  /** The same seed makes the same inputs here. While a worker was shrinking it is not known which one it tried. */
  #inputOf({ name, seed, runs }: Batch, run: number): string {
    const target = this.#targets.find((one) => one.name === name);
    if (target === undefined || run < 0 || run >= runs) return "one of those tried while shrinking";
    const input: unknown = fc.sample(target.arbitrary, { seed, numRuns: run + 1 }).at(-1);
    return inspect(input, { depth: 12, maxStringLength: 4_000 }).slice(0, 6_000);
  }
}
