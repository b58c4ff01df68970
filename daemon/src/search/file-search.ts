/**
 * Looks through one log, a block at a time, in constant memory.
 *
 * Lines are counted only when there is something to number: most files hold nothing of what is looked for, and then
 * finding that out is all they cost.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { Masker } from "../secrets/masker.ts";
import { searchMasked } from "./masked-search.ts";
import { BLOCK_BYTES, LineCount, LineEnds, type Cut, type FileHit, type Part } from "./part.ts";
import type { Finder } from "./query.ts";

export type FileOrder = {
  readonly path: string;
  /** First byte that is looked at; the number of its line is found all the same. */
  readonly from: number;
  readonly cut: Cut | null;
  /** Values that are masked before anything is looked for. */
  readonly secrets: readonly string[];
};

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
    const ends = new LineEnds(fd);
    const masker = maskerOf(order.secrets);
    for (const [from, to] of parts(order)) {
      const part: Part = { fd, from, to, finder, lines, ends, isCut: from === order.cut?.to };
      yield* masker === null ? searchPart(part) : searchMasked({ ...part, masker });
    }
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

/** Files of one job have the same secrets, and mostly those of one person, too. */
let lastKey = "";
let lastMasker: Masker | null = null;

function maskerOf(secrets: readonly string[]): Masker | null {
  const key = JSON.stringify(secrets);
  if (key !== lastKey) lastMasker = secrets.length === 0 ? null : new Masker(secrets);
  lastKey = key;
  return lastMasker;
}

/** One part is looked through at a time in a thread, and memory that is given up for each file comes back late. */
let spareBlock: Buffer | undefined;

function* searchPart({ fd, from, to, finder, lines, ends }: Part): Generator<FileHit | null, void, undefined> {
  const block = (spareBlock ??= Buffer.allocUnsafeSlow(2 * BLOCK_BYTES));
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
      const lastByte = ends.lastByte(start, { before, to: start + ready });
      yield { line: lines.until(start) + before + 1, text, lastByte };
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
