import type { Prng } from "./prng.ts";

export type Step = {
  readonly atMs: number;
  readonly order: number;
  readonly what: string;
  readonly run: () => void;
  /** True when the one who wanted this is gone; it is then passed over. */
  readonly gone: () => boolean;
};

/**
 * Virtual time. Whatever waits in the simulated world is a step in here; steps of the same moment come in an order
 * that chance decides. True time never jumps: what jumps is the wall clock that is made from it.
 */
export class Schedule {
  nowMs = 0;
  readonly #prng: Prng;
  readonly #heap: Step[] = [];

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  get size(): number {
    return this.#heap.length;
  }

  in(delayMs: number, what: string, run: () => void, gone: () => boolean = never): void {
    const step = { atMs: this.nowMs + delayMs, order: this.#prng.next(), what, run, gone };
    const heap = this.#heap;
    let index = heap.push(step) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(heap[index] as Step, heap[parent] as Step)) break;
      swap(heap, index, parent);
      index = parent;
    }
  }

  /** Takes the next step that somebody still wants, and moves time to it. */
  take(): Step | undefined {
    for (let step = this.#pop(); step !== undefined; step = this.#pop()) {
      if (step.gone()) continue;
      this.nowMs = Math.max(this.nowMs, step.atMs);
      return step;
    }
    return undefined;
  }

  #pop(): Step | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return top;
    heap[0] = last;
    let index = 0;
    for (;;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && before(heap[child] as Step, heap[least] as Step)) least = child;
      }
      if (least === index) return top;
      swap(heap, least, index);
      index = least;
    }
  }
}

function before(a: Step, b: Step): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function swap(heap: Step[], a: number, b: number): void {
  const step = heap[a] as Step;
  heap[a] = heap[b] as Step;
  heap[b] = step;
}

function never(): boolean {
  return false;
}
