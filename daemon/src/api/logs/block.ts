/** Some lines out of the middle of a log, found by its index. */
import type { Host, OutputPiece, OutputRef } from "../../host.ts";
import { BLOCK_LINES, type LineIndex } from "../../store/line-index.ts";
import { maskedPieces } from "./masked.ts";

const NEWLINE = 0x0a;

export type Block = {
  readonly number: number;
  readonly index: LineIndex;
  /** Nothing more will be written. */
  readonly done: boolean;
};

/** All its lines are there, and have an end. */
export function isFull({ number, index }: Block): boolean {
  return index.endedLines >= (number + 1) * BLOCK_LINES;
}

/** The same tag, the same text. What is not full may grow; what was left out changes the lines that follow. */
export function tagOf(block: Block): string {
  const { number, index, done } = block;
  const cut = index.cut === null ? "" : `-${index.cut.from}-${index.cut.to}`;
  return `"${number}${isFull(block) ? "" : `-${index.bytes}${done ? "-done" : ""}`}${cut}"`;
}

/** The bytes of a block, in pieces: a line may be longer than all memory. */
export async function* blockPieces(host: Host, ref: OutputRef, block: Block): AsyncGenerator<Buffer, void, undefined> {
  const { number, index, done } = block;
  const first = number * BLOCK_LINES;
  if (first >= index.lines) return;
  const { offset, skip } = index.placeOf(first);
  const pieces: AsyncIterable<OutputPiece> = host.store.output.read(ref, offset, index.bytes);
  let passed = 0;
  const last = skip + BLOCK_LINES;
  for await (const { bytes } of maskedPieces(host, { ref, from: offset, pieces }, () => done)) {
    let from = passed >= skip ? 0 : -1;
    let to = bytes.length;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
      passed += 1;
      if (passed === skip) from = at + 1;
      if (passed < last) continue;
      to = at + 1;
      break;
    }
    if (from !== -1 && from < to) yield bytes.subarray(from, to);
    if (passed === last) return;
  }
}
