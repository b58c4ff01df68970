/** Counting the jobs of an index without parsing its lines, in a bit for each number ever given out. */
import { open } from "node:fs/promises";
import { isTombstone, parseLine } from "./index-lines.ts";

const PIECE_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
/** How lines begin; a job id has 36 letters. */
const ENTRY = '{"jobId":"';
const STONE = '{"removed":"';
const NUMBER = '","number":';

/** Jobs that have a line and no tombstone behind it. `top` is the highest number that may come. */
export async function countJobs(filesOldestFirst: readonly string[], top: number): Promise<number> {
  const bits = new Uint8Array(Math.floor(top / 8) + 1);
  let count = 0;
  const note = (number: number, isThere: boolean): void => {
    const bit = 1 << (number % 8);
    const place = Math.floor(number / 8);
    if ((((bits[place] ?? 0) & bit) !== 0) === isThere) return;
    bits[place] = (bits[place] ?? 0) ^ bit;
    count += isThere ? 1 : -1;
  };
  for (const file of filesOldestFirst) await eachNumber(file, note);
  return count;
}

async function eachNumber(file: string, note: (number: number, isThere: boolean) => void): Promise<void> {
  const handle = await open(file, "r");
  try {
    // One for all pieces: what is outside the heap is given back late.
    let bytes = Buffer.alloc(PIECE_BYTES);
    let kept = 0;
    for (;;) {
      if (kept === bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(bytes.length)]);
      const { bytesRead } = await handle.read(bytes, kept, bytes.length - kept, null);
      if (bytesRead === 0) return;
      const filled = bytes.subarray(0, kept + bytesRead);
      let from = 0;
      for (let end = filled.indexOf(NEWLINE); end !== -1; end = filled.indexOf(NEWLINE, from)) {
        readNumber(filled.subarray(from, end), file, note);
        from = end + 1;
      }
      bytes.copyWithin(0, from, filled.length);
      kept = filled.length - from;
    }
  } finally {
    await handle.close();
  }
}

function readNumber(line: Buffer, file: string, note: (number: number, isThere: boolean) => void): void {
  const head = line.toString("latin1", 0, STONE.length + 36 + NUMBER.length + 20);
  const isStone = head.startsWith(STONE);
  const from = (isStone ? STONE.length : ENTRY.length) + 36;
  const isPlain = (isStone || head.startsWith(ENTRY)) && head.startsWith(NUMBER, from);
  const number = isPlain ? Number.parseInt(head.slice(from + NUMBER.length), 10) : Number.NaN;
  if (Number.isSafeInteger(number)) {
    note(number, !isStone);
    return;
  }
  const parsed = parseLine(line.toString("utf8"), file);
  note(parsed.number, !isTombstone(parsed));
}
