/**
 * Where the lines of a log are, for readers who go to any place in it: the offset of every 256th line, found once, and
 * from there on as the log grows. In memory only; a log of five million lines costs 160 kB here.
 */
import type { FileHandle } from "node:fs/promises";

export const BLOCK_LINES = 256;
/** More places than this, and every second one is dropped: the rest is looked for by reading on. */
const PLACES_MAX = 128 * 1024;
const READ_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

type Cut = { readonly from: number; readonly to: number };

/** Where to read from to come to a line, and how many lines are to be passed over from there. */
export type LinePlace = { readonly offset: number; readonly skip: number };

export class LineIndex {
  /** The lines that say what was left out are counted, as readers see them. */
  readonly cut: Cut | null;
  #places: number[] = [0];
  #stride = BLOCK_LINES;
  #offset = 0;
  #ended = 0;
  /** A line that has not ended is one, too. */
  #isOpen = false;
  #growing: Promise<void> = Promise.resolve();

  constructor(cut: Cut | null) {
    this.cut = cut;
  }

  /** So many bytes were looked at. */
  get bytes(): number {
    return this.#offset;
  }

  get lines(): number {
    return this.#ended + (this.#isOpen ? 1 : 0);
  }

  /** Lines with an end: those never change. */
  get endedLines(): number {
    return this.#ended;
  }

  placeOf(line: number): LinePlace {
    const at = Math.min(Math.floor(line / this.#stride), this.#places.length - 1);
    return { offset: this.#places[at]!, skip: line - at * this.#stride };
  }

  /** Looks at what was not looked at yet. Whoever asks meanwhile waits: every byte is read once. */
  async grow(open: () => Promise<FileHandle>, to: number): Promise<void> {
    const before = this.#growing;
    const growing = before.catch(() => undefined).then(async () => this.#grow(open, to));
    this.#growing = growing;
    return growing;
  }

  async #grow(open: () => Promise<FileHandle>, to: number): Promise<void> {
    if (this.#offset >= to) return;
    const handle = await open();
    try {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, to - this.#offset));
      while (this.#offset < to) {
        const stop = this.cut !== null && this.#offset < this.cut.from ? Math.min(to, this.cut.from) : to;
        const wanted = Math.min(buffer.length, stop - this.#offset);
        const { bytesRead } = await handle.read(buffer, 0, wanted, this.#offset);
        if (bytesRead === 0) return;
        this.#look(buffer.subarray(0, bytesRead));
        if (this.#offset === this.cut?.from) this.#leaveOut(this.cut);
      }
    } finally {
      await handle.close();
    }
  }

  #look(bytes: Buffer): void {
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
      this.#ended += 1;
      if (this.#ended % this.#stride === 0) this.#note(this.#offset + at + 1);
    }
    this.#isOpen = bytes.at(-1) !== NEWLINE;
    this.#offset += bytes.length;
  }

  /** The line that was cut ends there, and a line says so. Read from where the hole begins, that line comes first. */
  #leaveOut({ from, to }: Cut): void {
    if (this.#isOpen) {
      this.#ended += 1;
      if (this.#ended % this.#stride === 0) this.#note(from);
    }
    this.#ended += 1;
    if (this.#ended % this.#stride === 0) this.#note(to);
    this.#isOpen = false;
    this.#offset = to;
  }

  #note(offset: number): void {
    this.#places.push(offset);
    if (this.#places.length <= PLACES_MAX) return;
    this.#places = this.#places.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }
}

/** The last logs that somebody looked into. */
export class LineIndexes {
  readonly #most: number;
  readonly #known = new Map<string, LineIndex>();

  constructor(most: number) {
    this.#most = most;
  }

  /** One whose middle was given back meanwhile has other lines now, and is looked at anew. */
  of(path: string, cut: Cut | null): LineIndex {
    const known = this.#known.get(path);
    this.#known.delete(path);
    const isSame = known !== undefined && known.cut?.from === cut?.from && known.cut?.to === cut?.to;
    const index = isSame ? known : new LineIndex(cut);
    this.#known.set(path, index);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#most) break;
      this.#known.delete(oldest);
    }
    return index;
  }
}
