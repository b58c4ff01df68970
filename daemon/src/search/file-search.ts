/**
 * Looks through one log, a block at a time, in constant memory.
 *
 * Lines are counted only when there is something to number: most files hold nothing of what is looked for, and then
 * finding that out is all they cost.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { countNewlines, type Finder } from "./query.ts";

export type FileOrder = {
  readonly path: string;
  /** First byte that is looked at; the number of its line is found all the same. */
  readonly from: number;
  /** Bytes that were given back to the disk, and read as zeros. */
  readonly cut: { readonly from: number; readonly to: number } | null;
};

export type FileHit = { readonly line: number; readonly text: string };

const BLOCK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Yields what it finds, and `null` after each block, so that whoever asks may pause. */
export function* searchFile(order: FileOrder, finder: Finder): Generator<FileHit | null, void, undefined> {
  let fd: number;
  try {
    fd = openSync(order.path, "r");
  } catch {
    // Removed in between, or never made.
    return;
  }
  try {
    const lines = new LineCount(fd, order.cut);
    for (const [from, to] of parts(order)) yield* searchPart({ fd, from, to, finder, lines });
  } finally {
    closeSync(fd);
  }
}

/** The file without its hole. */
function parts({ from, cut }: FileOrder): [number, number][] {
  if (cut === null || from >= cut.to) return [[from, Number.POSITIVE_INFINITY]];
  const tail: [number, number] = [cut.to, Number.POSITIVE_INFINITY];
  return from < cut.from ? [[from, cut.from], tail] : [tail];
}

type Part = {
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  readonly finder: Finder;
  readonly lines: LineCount;
};

function* searchPart({ fd, from, to, finder, lines }: Part): Generator<FileHit | null, void, undefined> {
  const block = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES);
  let start = from;
  let length = 0;
  /** The line that goes on was told already. */
  let isTold = false;
  for (;;) {
    const wanted = Math.min(BLOCK_BYTES, to - start - length);
    const count = wanted <= 0 ? 0 : readSync(fd, block, length, wanted, start + length);
    length += count;
    const isEnd = count === 0;
    if (isTold) {
      const newline = block.subarray(0, length).indexOf(NEWLINE);
      const skipped = newline === -1 ? length : newline + 1;
      block.copyWithin(0, skipped, length);
      start += skipped;
      length -= skipped;
      isTold = newline === -1;
    }
    const last = length === 0 ? -1 : block.lastIndexOf(NEWLINE, length - 1);
    const isPiece = last === -1 && length >= BLOCK_BYTES;
    const ready = isEnd || isPiece ? length : last + 1;
    for (const { before, text } of finder.find(block.subarray(0, ready))) {
      yield { line: lines.until(start) + before + 1, text };
      if (isPiece) isTold = true;
    }
    if (isEnd) return;
    const done = isPiece && !isTold ? ready - Math.min(finder.overlap, ready) : ready;
    block.copyWithin(0, done, length);
    start += done;
    length -= done;
    yield null;
  }
}

/** How many lines end before an offset; asked with growing offsets, reads each byte once at most. */
class LineCount {
  readonly #fd: number;
  readonly #cut: FileOrder["cut"];
  readonly #buffer = Buffer.allocUnsafe(256 * 1024);
  #offset = 0;
  #count = 0;

  constructor(fd: number, cut: FileOrder["cut"]) {
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
