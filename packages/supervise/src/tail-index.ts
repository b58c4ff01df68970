/**
 * When was this byte seen? Beside a log lies an index of 16-byte records, little-endian:
 *
 *   u64 offset   the log was read up to here …
 *   u64 time     … at this time, Unix µs
 *
 * The time of a byte is that of the first record whose offset passes it; it was written between the
 * record before (or the start) and this one. The index is a convenience: never synced, and a loss of it
 * loses times, not output.
 */
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from "node:fs";
import { errorCode } from "./attempt-files.ts";

export const INDEX_RECORD_BYTES = 16;

export type IndexRecord = { readonly offset: number; readonly timeUs: number };

export type IndexWriter = {
  /** The log was read up to `offset`, now. */
  record(offset: number): void;
  close(): void;
};

export function createIndexWriter(path: string): IndexWriter {
  let fd: number | undefined;
  let position = 0;
  const bytes = Buffer.alloc(INDEX_RECORD_BYTES);
  return {
    record: (offset) => {
      try {
        if (fd === undefined) {
          fd = openForUpdate(path);
          // A record cut short by a crash is written over.
          position = wholeRecords(fstatSync(fd).size);
        }
        writeUint64(bytes, offset, 0);
        writeUint64(bytes, Date.now() * 1000, 8);
        writeSync(fd, bytes, 0, INDEX_RECORD_BYTES, position);
        position += INDEX_RECORD_BYTES;
      } catch {
        // A full disk costs the times of some lines; the output itself matters more.
      }
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** One record: a log that nobody followed was `offset` bytes long when its script ended. */
export function recordOffset(path: string, offset: number): void {
  const index = createIndexWriter(path);
  index.record(offset);
  index.close();
}

/** All records, oldest first; none when there is no index. */
export function readIndex(path: string): IndexRecord[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  const records: IndexRecord[] = [];
  for (let at = 0; at < wholeRecords(bytes.length); at += INDEX_RECORD_BYTES) {
    records.push({ offset: readUint64(bytes, at), timeUs: readUint64(bytes, at + 8) });
  }
  return records;
}

/**
 * When the byte at `offset` was written: not before `sinceUs` (undefined: before the first record) and
 * not after `timeUs`. Undefined when nobody has read that far yet.
 */
export function timeOfOffset(
  records: readonly IndexRecord[],
  offset: number,
): { readonly sinceUs: number | undefined; readonly timeUs: number } | undefined {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.offset ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  const record = records[low];
  if (record === undefined) return undefined;
  return { sinceUs: records[low - 1]?.timeUs, timeUs: record.timeUs };
}

/** The first byte that may have been written at `sinceMs` or later. */
export function offsetSince(records: readonly IndexRecord[], sinceMs: number): number {
  const first = records.findIndex(({ timeUs }) => timeUs >= sinceMs * 1000);
  const before = first === -1 ? records.at(-1) : records[first - 1];
  return before?.offset ?? 0;
}

function openForUpdate(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    return openSync(path, "wx+", 0o600);
  }
}

function wholeRecords(bytes: number): number {
  return bytes - (bytes % INDEX_RECORD_BYTES);
}

/** Offsets and times stay below 2^53, so two halves do and BigInt is not needed. */
function writeUint64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % 0x1_0000_0000, at);
  bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}

function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000;
}
