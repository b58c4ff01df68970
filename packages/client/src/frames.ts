import { fail } from "./problem.ts";

const NEWLINE = 0x0a;
/** Two numbers, the space between them and the line feed. */
const HEAD_BYTES_MAX = 32;

/** `end`: offset in the text behind these bytes, as it was written. */
export type Frame = { readonly end: number; readonly bytes: Uint8Array };

/** Reads `END LENGTH`, a line feed, and so many bytes, again and again. A last one that is cut is left out. */
export async function* frames(body: AsyncIterable<Uint8Array>): AsyncGenerator<Frame, void, undefined> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of body) {
    rest = rest.length === 0 ? chunk : joined(rest, chunk);
    for (let found = firstOf(rest); found !== null; found = firstOf(rest)) {
      rest = rest.subarray(found.size);
      yield found.frame;
    }
  }
}

function firstOf(bytes: Uint8Array): { readonly frame: Frame; readonly size: number } | null {
  const newline = bytes.subarray(0, HEAD_BYTES_MAX).indexOf(NEWLINE);
  if (newline < 0 && bytes.length < HEAD_BYTES_MAX) return null;
  const head = new TextDecoder().decode(bytes.subarray(0, Math.max(0, newline)));
  const [, end, length] = /^(\d{1,15}) (\d{1,10})$/.exec(head) ?? [];
  // Not the daemon's doing: somebody stands in between, or the address is another program's.
  if (length === undefined) throw fail("INTERNAL", "the answer is not in frames of `END LENGTH`");
  const size = newline + 1 + Number(length);
  if (bytes.length < size) return null;
  return { frame: { end: Number(end), bytes: bytes.subarray(newline + 1, size) }, size };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
