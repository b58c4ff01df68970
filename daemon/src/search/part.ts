/** A part of a log that is looked through, and how its lines are numbered. */
import { readSync } from "node:fs";
import { countNewlines, type Finder } from "./query.ts";

export type FileHit = { readonly line: number; readonly text: string };

/** Bytes that were given back to the disk, and read as zeros. */
export type Cut = { readonly from: number; readonly to: number };

export type Part = {
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  /** What was before it is gone. */
  readonly isCut: boolean;
  readonly finder: Finder;
  readonly lines: LineCount;
};

export const BLOCK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** How many lines end before an offset; asked with growing offsets, reads each byte once at most. */
export class LineCount {
  readonly #fd: number;
  readonly #cut: Cut | null;
  readonly #buffer = Buffer.allocUnsafe(256 * 1024);
  #offset = 0;
  #count = 0;

  constructor(fd: number, cut: Cut | null) {
    this.#fd = fd;
    this.#cut = cut;
  }

  until(offset: number): number {
    const cut = this.#cut;
    if (cut !== null && this.#offset <= cut.from && offset >= cut.to) {
      this.#read(cut.from);
      // The line that was cut, and the line that says so.
      this.#count += this.#endsWithNewline(cut.from) ? 1 : 2;
      this.#offset = cut.to;
    }
    this.#read(offset);
    return this.#count;
  }

  #read(to: number): void {
    while (this.#offset < to) {
      const wanted = Math.min(this.#buffer.length, to - this.#offset);
      const count = readSync(this.#fd, this.#buffer, 0, wanted, this.#offset);
      if (count === 0) return;
      this.#count += countNewlines(this.#buffer.subarray(0, count), 0, count);
      this.#offset += count;
    }
  }

  #endsWithNewline(offset: number): boolean {
    if (offset === 0) return true;
    readSync(this.#fd, this.#buffer, 0, 1, offset - 1);
    return this.#buffer[0] === NEWLINE;
  }
}
