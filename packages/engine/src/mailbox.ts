import { assert } from "@aither/core";

/**
 * The one queue through which everything passes that could change a job. First in, first out.
 *
 * Commands are offered and may be refused. Observations are put and never refused: dropping one would leave a script
 * unaccounted for, and their number is bounded by the attempts that are live.
 */
export class Mailbox<Item> {
  readonly #itemsMax: number;
  #items: Item[] = [];
  #closed = false;
  #waiting: (() => void) | null = null;

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  get size(): number {
    return this.#items.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** False when the mailbox is full or closed. */
  offer(item: Item): boolean {
    if (this.#closed || this.#items.length >= this.#itemsMax) return false;
    this.put(item);
    return true;
  }

  /** Takes it in any case; after `close` it is dropped. */
  put(item: Item): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#wake();
  }

  /** Waits until something is there, then takes up to `itemsMax` of it; null once closed and empty. */
  async take(itemsMax: number): Promise<Item[] | null> {
    assert(this.#waiting === null, "a mailbox has one reader");
    while (this.#items.length === 0) {
      if (this.#closed) return null;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    if (this.#items.length <= itemsMax) {
      const all = this.#items;
      this.#items = [];
      return all;
    }
    return this.#items.splice(0, itemsMax);
  }

  /** Nothing more comes in; what is there may still be taken. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Takes out everything, for whoever must still be answered. */
  empty(): Item[] {
    const rest = this.#items;
    this.#items = [];
    return rest;
  }

  #wake(): void {
    const wake = this.#waiting;
    this.#waiting = null;
    wake?.();
  }
}
