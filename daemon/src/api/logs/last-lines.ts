import type { OutputFiles, OutputPiece, OutputRef } from "../../host.ts";

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

export type TailStart = {
  /** Index of the first part that is shown. */
  readonly part: number;
  /** Byte in that part at which the text begins. */
  readonly offset: number;
};

/** Where the last `lines` lines of the parts, one after the other, begin. Reads from the end, a block at a time. */
export async function lastLines(output: OutputFiles, parts: readonly OutputRef[], lines: number): Promise<TailStart> {
  let missing = lines;
  for (let part = parts.length - 1; part >= 0; part--) {
    const ref = parts[part];
    if (ref === undefined) continue;
    const size = await output.size(ref);
    if (missing === 0) return { part, offset: size };
    const cut = await output.cut(ref);
    const found = await lastLinesOf(output, { ref, size, lines: missing, floor: cut?.to ?? 0 });
    // Fewer lines are left than were asked for: then the line that says so is the first.
    if (cut !== null && found.offset === 0) return { part, offset: cut.from };
    if (found.offset > 0) return { part, offset: found.offset };
    missing -= found.lines;
    if (missing === 0) return { part, offset: 0 };
  }
  return { part: 0, offset: 0 };
}

type Search = { readonly ref: OutputRef; readonly size: number; readonly lines: number; readonly floor: number };

/** The offset of the last `lines` lines, and how many lines there are from it on. 0 may mean that there are fewer. */
async function lastLinesOf(
  output: OutputFiles,
  { ref, size, lines, floor }: Search,
): Promise<{ offset: number; lines: number }> {
  let found = 0;
  for (let end = size; end > floor; end -= BLOCK_BYTES) {
    const start = Math.max(floor, end - BLOCK_BYTES);
    const block = await readAll(output.read(ref, start, end));
    // The last byte ends the last line, or belongs to a line without an end; either way a line ends with the file.
    if (end === size) found = 1;
    for (let at = Math.min(block.length, size - 1 - start) - 1; at >= 0; at--) {
      if (block[at] !== NEWLINE) continue;
      if (found === lines) return { offset: start + at + 1, lines };
      found += 1;
    }
  }
  return { offset: 0, lines: found };
}

async function readAll(pieces: AsyncIterable<OutputPiece>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece.bytes);
  return Buffer.concat(all);
}
