/** The lines of `index/YYYY-MM.ndjson`, and reading such a file from its end. */
import { open, type FileHandle } from "node:fs/promises";
import type { JobSummary } from "@aither/protocol";

/**
 * A finished job. `top` is the highest number given out when the line was written: it only grows, so a reader that goes
 * backwards knows when no higher number can follow.
 */
export type IndexEntry = JobSummary & {
  readonly requestId: string | null;
  /** The folder of the day it was queued. */
  readonly date: string;
  readonly top: number;
};

/** A removed job: what came before about it does not count. */
export type Tombstone = { readonly removed: string; readonly number: number; readonly top: number };

export type IndexLine = IndexEntry | Tombstone;

export function isTombstone(line: IndexLine): line is Tombstone {
  return "removed" in line;
}

/** A line in the middle that is no line of ours: the index is derived, so it is made anew. */
export class IndexDamaged extends Error {
  constructor(file: string, what: string) {
    super(`${file}: ${what}`);
    this.name = "IndexDamaged";
  }
}

/** What most questions find is among a hundred lines. Whoever looks for a text and reads on reads in larger pieces. */
const PIECE_BYTES = 64 * 1024;
const PIECE_BYTES_MAX = 1024 * 1024;

/**
 * The lines of one file, last first. A last line without an end was being written when everything stopped, and is left
 * out: its job is still in `active/`. `mention` is a text that all wanted lines hold as it is, whatever the case: lines
 * without it are passed over without being parsed, unless they are tombstones.
 */
export async function* linesBackwards(file: string, mention: string | null = null): AsyncIterable<IndexLine> {
  const needle = mention?.toLowerCase() ?? null;
  let pieceBytes = PIECE_BYTES;
  const handle = await open(file, "r");
  try {
    let { size: position } = await handle.stat();
    /** The beginning of what was read and not yet given out: the end of a line whose start is further back. */
    let rest = Buffer.alloc(0);
    let isTail = true;
    while (position > 0) {
      const length = Math.min(pieceBytes, position);
      // Parsing a large piece in one go would be felt by others.
      if (needle !== null) pieceBytes = Math.min(pieceBytes * 2, PIECE_BYTES_MAX);
      position -= length;
      rest = Buffer.concat([await readExactly(handle, position, length), rest]);
      if (isTail) {
        rest = rest.subarray(0, rest.lastIndexOf(10) + 1);
        if (rest.length === 0) continue;
        isTail = false;
      }
      const first = position === 0 ? 0 : rest.indexOf(10) + 1;
      const text = rest.toString("utf8", first);
      rest = rest.subarray(0, first);
      for (const line of linesOf(text, needle).reverse()) if (line !== "") yield parseLine(line, file);
    }
  } finally {
    await handle.close();
  }
}

/** Lines that may be wanted. Parsing one takes ten times longer than looking for a text in it. */
function linesOf(text: string, needle: string | null): string[] {
  const lines = text.split("\n");
  if (needle === null) return lines;
  const isStone = (line: string): boolean => line.startsWith(TOMBSTONE);
  // What is no line of ours is kept: it has to be noticed.
  const isOdd = (line: string): boolean => isStone(line) || !line.startsWith('{"') || !line.endsWith("}");
  if (!text.toLowerCase().includes(needle)) return lines.filter(isOdd);
  return lines.filter((line) => isOdd(line) || line.toLowerCase().includes(needle));
}

/** How a tombstone begins. */
const TOMBSTONE = '{"removed":';

/** The text of a question as `mention` takes it; null where JSON would write it in another way. */
export function mentioning(text: string): string | null {
  return /^[\w .,:;/@+-]{2,}$/.test(text) ? text : null;
}

/** True for an empty file, too. */
export async function endsWithNewline(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    return size === 0 || (await readExactly(handle, size - 1, 1))[0] === 10;
  } finally {
    await handle.close();
  }
}

export async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

export function parseLine(line: string, file: string): IndexLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new IndexDamaged(file, "a line is not JSON");
  }
  const { number, top, jobId, removed } = (value ?? {}) as Record<string, unknown>;
  if (typeof number !== "number" || typeof top !== "number" || typeof (jobId ?? removed) !== "string") {
    throw new IndexDamaged(file, "a line is not an entry of the index");
  }
  return value as IndexLine;
}
