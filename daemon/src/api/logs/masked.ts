/** Output as readers get it: raw offsets, masked bytes. */
import type { OutputPiece, OutputRef, Store } from "../../host.ts";
import type { Context, Masker, MaskStream } from "../../secrets/masker.ts";
import type { Piece } from "./pieces.ts";

const NEWLINE = 0x0a;

/** What is needed to read: a host, or less. */
export type Readable = { readonly store: Pick<Store, "output" | "secrets"> };

export type Masked = { readonly masker: Masker; readonly stream: MaskStream };

/** One reader's masking of one stream from an offset on; null when the job has no secrets. */
export async function maskFrom(host: Readable, ref: OutputRef, from: number): Promise<Masked | null> {
  const masker = await host.store.secrets.of(ref.jobId);
  if (masker === null) return null;
  return { masker, stream: masker.stream(from, await contextOf(host, { ref, from, masker })) };
}

/**
 * Pieces of one stream from an offset on, masked. `isWhole` is asked when they have ended: of what may still be written,
 * the beginning of a secret is kept back.
 */
export async function* maskedPieces(
  host: Readable,
  { ref, from, pieces }: { ref: OutputRef; from: number; pieces: AsyncIterable<OutputPiece> },
  isWhole: () => boolean,
): AsyncGenerator<OutputPiece, void, undefined> {
  const mask = await maskFrom(host, ref, from);
  if (mask === null) {
    yield* pieces;
    return;
  }
  let end = from;
  const shown = (settled: Buffer): OutputPiece => {
    end += settled.length;
    return { bytes: mask.stream.render(settled, end), end, leftOut: 0 };
  };
  for await (const piece of pieces) {
    if (piece.leftOut === 0) {
      yield shown(mask.stream.push(piece.bytes));
      continue;
    }
    yield shown(mask.stream.rest());
    yield piece;
    ({ end } = piece);
    mask.stream.cutTo(end);
  }
  if (isWhole()) yield shown(mask.stream.rest());
}

/** Pieces keep their place in the file. One that lies within a secret has nothing to say. */
export function maskPieces(pieces: readonly Piece[], stream: MaskStream): Piece[] {
  return pieces
    .map(({ bytes, end }) => ({ bytes: stream.render(bytes, end), end }))
    .filter(({ bytes }) => bytes.length > 0);
}

type Place = { readonly ref: OutputRef; readonly from: number; readonly masker: Masker };

/** What decides, before a place, whether it lies within a secret: nothing where a line begins. */
async function contextOf({ store: { output } }: Readable, { ref, from, masker }: Place): Promise<Context> {
  const last = await backTo(output.read(ref, Math.max(0, from - 1), from));
  if (last.before.length === 0 || last.before.at(-1) === NEWLINE) return { ...last, before: Buffer.alloc(0) };
  return backTo(output.read(ref, Math.max(0, from - masker.reach), from));
}

/** The bytes themselves, or those behind the last hole in them. */
async function backTo(pieces: AsyncIterable<OutputPiece>): Promise<Context> {
  let all: Buffer[] = [];
  let isCut = false;
  for await (const { bytes, leftOut } of pieces) {
    if (leftOut === 0) all.push(bytes);
    else all = [];
    isCut ||= leftOut > 0;
  }
  return { before: Buffer.concat(all), isCut };
}
