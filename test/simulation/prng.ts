/** Chance from one seed (mulberry32): the same seed gives the same run on every machine. */
export class Prng {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }

  /** 0 ≤ x < 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number, both ends included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined && items.length === 0) throw new Error("nothing to pick from");
    return item as Item;
  }

  /** So many of the items, none of them twice. Each is drawn in the moment it is asked for. */
  *draw<Item>(items: readonly Item[], count: number): Generator<Item> {
    const left = [...items];
    for (let drawn = 0; drawn < count && left.length > 0; drawn += 1) {
      yield* left.splice(this.int(0, left.length - 1), 1);
    }
  }

  /** A delay in ms: mostly short, now and then long. */
  delay(longMs: number): number {
    const roll = this.next();
    if (roll < 0.5) return this.int(0, 2);
    if (roll < 0.9) return this.int(0, Math.min(50, longMs));
    return this.int(0, longMs);
  }

  /** A generator of its own, so that drawing more here changes nothing there. */
  fork(): Prng {
    return new Prng(Math.floor(this.next() * 2 ** 31));
  }
}
