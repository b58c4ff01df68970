/** The same search where secrets are masked first: nobody finds out by searching what a secret is. */
import { readSync } from "node:fs";
import type { Masker } from "../secrets/masker.ts";
import { BLOCK_BYTES, type FileHit, type Part } from "./part.ts";
import { countNewlines } from "./query.ts";

const NEWLINE = 0x0a;

export function* searchMasked({
  masker,
  ...part
}: Part & { masker: Masker }): Generator<FileHit | null, void, undefined> {
  const { finder, lines, ends, from } = part;
  let text: Buffer = Buffer.alloc(0);
  /** Lines that end in what was searched. Masks hold no line feed and hide none. */
  let newlines = 0;
  let isTold = false;
  let before: number | undefined;
  for (const { masked, end, isEnd } of maskedBlocks(part, masker)) {
    text = Buffer.concat([text, masked]);
    if (isTold) {
      const newline = text.indexOf(NEWLINE);
      text = text.subarray(newline === -1 ? text.length : newline + 1);
      if (newline !== -1) newlines += 1;
      isTold = newline === -1;
    }
    const last = text.lastIndexOf(NEWLINE);
    const isPiece = last === -1 && text.length >= BLOCK_BYTES;
    const ready = isEnd || isPiece ? text.length : last + 1;
    for (const hit of finder.find(text.subarray(0, ready))) {
      before ??= lines.until(from);
      // Masks change lengths, so the place is found in the file itself.
      const lastByte = ends.lastByte(from, { before: newlines + hit.before, to: end });
      yield { line: before + newlines + hit.before + 1, text: hit.text, lastByte };
      if (isPiece) isTold = true;
    }
    const done = isPiece && !isTold ? ready - Math.min(finder.overlap, ready) : ready;
    newlines += countNewlines(text, 0, done);
    text = text.subarray(done);
    yield null;
  }
}

/** `end`: where in the file that is behind which these bytes were. */
type MaskedBlock = { readonly masked: Buffer; readonly end: number; readonly isEnd: boolean };

function* maskedBlocks({ fd, from, to, isCut }: Part, masker: Masker): Generator<MaskedBlock> {
  const begin = isCut ? from : Math.max(0, from - masker.reach);
  const stream = masker.stream(from, { before: read(fd, begin, from - begin), isCut });
  let end = from;
  for (let at = from, isEnd = false; !isEnd;) {
    const bytes = read(fd, at, Math.min(BLOCK_BYTES, to - at));
    at += bytes.length;
    isEnd = bytes.length === 0;
    const settled = isEnd ? stream.rest() : stream.push(bytes);
    end += settled.length;
    yield { masked: stream.render(settled, end), end, isEnd };
  }
}

/** Fewer bytes than asked for: the file ends there. */
function read(fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, length));
  let count = 0;
  for (let got = 1; got > 0 && count < bytes.length; count += got) {
    got = readSync(fd, bytes, count, bytes.length - count, from + count);
  }
  return bytes.subarray(0, count);
}
