/** Finding the line of a job in the index by its number, without reading what is far from it. */
import { open, type FileHandle } from "node:fs/promises";
import { isTombstone, parseLine, readExactly, type IndexEntry } from "./index-lines.ts";

/** A few lines; twice as much where a line is longer. */
const PROBE_BYTES = 4 * 1024;
const PIECE_BYTES = 64 * 1024;

/**
 * The entry of a number, in the file in which it was given out or a later one. `top` of a line is the highest number
 * given out by then, and only grows: a job's line cannot stand before the first whose top has reached its number, and
 * mostly it stands right there. Undefined when it is not found that way, which proves nothing: clocks are set back.
 */
export async function entryOfNumber(
  filesNewestFirst: readonly string[],
  number: number,
): Promise<IndexEntry | undefined> {
  const later: string[] = [];
  for (const file of filesNewestFirst) {
    const handle = await open(file, "r");
    try {
      const { size } = await handle.stat();
      const first = await lineBehind(handle, { file, from: 0, size });
      if (first !== undefined && first.top < number) {
        const from = await lastBelow(handle, { file, size, number });
        const found = await scan(handle, { file, from, size, number });
        return found ?? (await inAny(later, number));
      }
    } finally {
      await handle.close();
    }
    later.unshift(file);
  }
  return inAny(later, number);
}

async function inAny(files: readonly string[], number: number): Promise<IndexEntry | undefined> {
  for (const file of files) {
    const handle = await open(file, "r");
    try {
      const found = await scan(handle, { file, from: 0, size: (await handle.stat()).size, number });
      if (found !== undefined) return found;
    } finally {
      await handle.close();
    }
  }
  return undefined;
}

type Part = { readonly file: string; readonly from: number; readonly size: number };

/** Where a line begins whose top is below the number, not far before the first that is not. */
async function lastBelow(
  handle: FileHandle,
  { file, size, number }: { readonly file: string; readonly size: number; readonly number: number },
): Promise<number> {
  let [low, high] = [0, size];
  while (high - low > PROBE_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const line = await lineBehind(handle, { file, from: middle, size });
    if (line !== undefined && line.top < number) low = line.at;
    else high = middle;
  }
  return low;
}

/** The first whole line that begins at `from` or behind it; undefined when there is none. */
async function lineBehind(
  handle: FileHandle,
  { file, from, size }: Part,
): Promise<{ readonly at: number; readonly top: number } | undefined> {
  for (let length = PROBE_BYTES; ; length *= 2) {
    // The byte before tells whether a line begins right here.
    const start = Math.max(0, from - 1);
    const bytes = await readExactly(handle, start, Math.min(length, size - start));
    const begin = from === 0 ? 0 : bytes.indexOf(10) + 1;
    const end = bytes.indexOf(10, begin);
    if ((from === 0 || begin > 0) && end !== -1) {
      return { at: start + begin, top: parseLine(bytes.toString("utf8", begin, end), file).top };
    }
    if (start + length >= size) return undefined;
  }
}

/** The entry among the lines from `from` on, which is where a line begins. */
async function scan(
  handle: FileHandle,
  { file, from, size, number }: Part & { readonly number: number },
): Promise<IndexEntry | undefined> {
  const needle = Buffer.from(`"number":${number},`);
  let rest = Buffer.alloc(0);
  for (let at = from; at < size;) {
    const piece = await readExactly(handle, at, Math.min(PIECE_BYTES, size - at));
    at += piece.length;
    if (piece.length === 0) return undefined;
    rest = Buffer.concat([rest, piece]);
    const end = rest.lastIndexOf(10) + 1;
    for (let hit = rest.indexOf(needle); hit !== -1 && hit < end; hit = rest.indexOf(needle, hit + 1)) {
      const line = rest.toString("utf8", rest.lastIndexOf(10, hit) + 1, rest.indexOf(10, hit));
      const parsed = parseLine(line, file);
      if (!isTombstone(parsed) && parsed.number === number) return parsed;
    }
    rest = rest.subarray(end);
  }
  return undefined;
}
