/** A binary heap: the item with the smallest key on top. Items with equal keys come in no promised order. */
export class Heap<Item> {
  readonly #key: (item: Item) => number;
  readonly #items: Item[] = [];

  constructor(key: (item: Item) => number) {
    this.#key = key;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    let index = items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#keyAt(parent) <= this.#keyAt(index)) break;
      this.#swap(parent, index);
      index = parent;
    }
  }

  pop(): Item | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length > 0 && last !== undefined) {
      items[0] = last;
      this.#sink();
    }
    return top;
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < this.#items.length && this.#keyAt(left) < this.#keyAt(least)) least = left;
      if (right < this.#items.length && this.#keyAt(right) < this.#keyAt(least)) least = right;
      if (least === index) return;
      this.#swap(least, index);
      index = least;
    }
  }

  #keyAt(index: number): number {
    return this.#key(this.#items[index] as Item);
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a] as Item;
    this.#items[a] = this.#items[b] as Item;
    this.#items[b] = item;
  }
}
