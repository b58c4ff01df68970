/** A part of a log that is looked through, and how its lines are numbered. */
import { readSync } from "node:fs";
import { countNewlines, type Finder } from "./query.ts";

/**
 * `lastByte` is where its line ends in the file, which is what the line's time hangs on. Of a line that is looked
 * through in pieces it is the end of the piece.
 */
export type FileHit = { readonly line: number; readonly text: string; readonly lastByte: number };

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
  readonly ends: LineEnds;
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

/** Where a line ends that so many line feeds come before; asked in growing order, reads each byte once at most. */
export class LineEnds {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(64 * 1024);
  /** From where line feeds are counted. */
  #start = -1;
  #feeds = 0;
  /** The file offset of the buffer, and what is in it. */
  #offset = 0;
  #bytes: Buffer = this.#buffer.subarray(0, 0);
  /** The next byte of the buffer that is looked at. */
  #next = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The offset of its line feed, or of the last byte before `to` when it has none. */
  lastByte(start: number, { before, to }: { before: number; to: number }): number {
    if (start !== this.#start) this.#seek(start);
    for (;;) {
      const at = this.#bytes.indexOf(NEWLINE, this.#next);
      if (at === -1) {
        if (this.#offset + this.#bytes.length >= to || !this.#read()) return to - 1;
        continue;
      }
      this.#next = at + 1;
      this.#feeds += 1;
      // The file may have grown since `to` was its end.
      if (this.#feeds > before) return Math.min(this.#offset + at, to - 1);
    }
  }

  #seek(start: number): void {
    this.#start = start;
    this.#feeds = 0;
    this.#offset = start;
    this.#bytes = this.#buffer.subarray(0, 0);
    this.#next = 0;
  }

  #read(): boolean {
    this.#offset += this.#bytes.length;
    this.#bytes = this.#buffer.subarray(0, readSync(this.#fd, this.#buffer, 0, this.#buffer.length, this.#offset));
    this.#next = 0;
    return this.#bytes.length > 0;
  }
}
