/** Output as readers get it: raw offsets, masked bytes. */
import type { JobId } from "@aither/protocol";
import type { OutputPiece, OutputRef, Secrets, Store } from "../../host.ts";
import { MaskLines, type Part } from "../../secrets/mask-lines.ts";
import type { Context, Masker, MaskStream } from "../../secrets/masker.ts";
import type { Piece } from "./pieces.ts";

const NEWLINE = 0x0a;
/** So far back a reader looks for whether only blanks are before it in its line. */
const INDENT_BYTES = 256;

/** What is needed to read: a host, or less. */
export type Readable = { readonly store: Pick<Store, "output" | "secrets"> };

/**
 * One reader's masking of one stream from an offset on. What a script names as secret (`::add-mask::`) is masked from that
 * very line on, whoever else has seen it by then.
 */
export class LogMask {
  readonly #secrets: Secrets;
  readonly #jobId: JobId;
  readonly #lines: MaskLines;
  #masker: Masker | null;
  #stream: MaskStream | null;
  /** Offset of what comes next, and whether it begins a line. */
  #at: number;
  #isFresh: boolean;

  constructor(secrets: Secrets, { jobId, masker, from, context }: MaskStart) {
    this.#secrets = secrets;
    this.#jobId = jobId;
    this.#masker = masker;
    this.#stream = masker?.stream(from, context) ?? null;
    this.#isFresh = context.before.length === 0 && !context.isCut;
    this.#lines = new MaskLines(this.#isFresh || (!context.isCut && isBlank(context.before)));
    this.#at = from;
  }

  text(text: string): string {
    return this.#masker?.text(text) ?? text;
  }

  /** Gives back the bytes, unmasked, whose fate is settled; `render` masks them. */
  push(bytes: Buffer): Buffer {
    return this.#take(this.#lines.push(bytes));
  }

  rest(): Buffer {
    const last = this.#take(this.#lines.rest());
    return this.#stream === null ? last : Buffer.concat([last, this.#stream.rest()]);
  }

  render(bytes: Buffer, end: number): Buffer {
    return this.#stream?.render(bytes, end) ?? bytes;
  }

  cutTo(from: number): void {
    this.#lines.cut();
    this.#stream?.cutTo(from);
    this.#at = from;
    this.#isFresh = false;
  }

  #take(parts: readonly Part[]): Buffer {
    const named = parts.flatMap(({ mask }) => (mask === null ? [] : [mask]));
    if (named.length > 0) this.#secrets.learn(this.#jobId, named);
    // Others read, too: what they came upon counts here from the next line on.
    const newest = this.#secrets.peek(this.#jobId) ?? null;
    const settled = parts.flatMap(({ bytes, mask }) => {
      if (newest === null || newest === this.#masker) return [this.#give(bytes)];
      // Before a command there are only blanks in its line, and with these no secret begins.
      const isFresh = this.#isFresh || mask !== null;
      const line = isFresh ? 0 : bytes.indexOf(NEWLINE) + 1;
      if (line === 0 && !isFresh) return [this.#give(bytes)];
      const before = this.#give(bytes.subarray(0, line));
      this.#adopt(newest);
      return [before, this.#give(bytes.subarray(line))];
    });
    return settled.length === 1 ? settled[0]! : Buffer.concat(settled);
  }

  #give(bytes: Buffer): Buffer {
    if (bytes.length === 0) return bytes;
    this.#at += bytes.length;
    this.#isFresh = bytes.at(-1) === NEWLINE;
    return this.#stream?.push(bytes) ?? bytes;
  }

  #adopt(masker: Masker): void {
    if (this.#stream === null) this.#stream = masker.stream(this.#at);
    else masker.teach(this.#stream);
    this.#masker = masker;
  }
}

type MaskStart = {
  readonly jobId: JobId;
  readonly masker: Masker | null;
  readonly from: number;
  readonly context: Context;
};

export async function maskFrom(host: Readable, ref: OutputRef, from: number): Promise<LogMask> {
  const { secrets } = host.store;
  const masker = await secrets.of(ref.jobId);
  const context = await contextOf(host, { ref, from, reach: masker?.reach ?? 0 });
  return new LogMask(secrets, { jobId: ref.jobId, masker, from, context });
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
  let end = from;
  const shown = (settled: Buffer): OutputPiece => {
    end += settled.length;
    return { bytes: mask.render(settled, end), end, leftOut: 0 };
  };
  for await (const piece of pieces) {
    if (piece.leftOut === 0) {
      yield shown(mask.push(piece.bytes));
      continue;
    }
    yield shown(mask.rest());
    yield piece;
    ({ end } = piece);
    mask.cutTo(end);
  }
  if (isWhole()) yield shown(mask.rest());
}

/** Pieces keep their place in the file. One that lies within a secret has nothing to say. */
export function maskPieces(pieces: readonly Piece[], mask: LogMask): Piece[] {
  return pieces
    .map(({ bytes, end }) => ({ bytes: mask.render(bytes, end), end }))
    .filter(({ bytes }) => bytes.length > 0);
}

/** `reach`: how many bytes before a place decide what is masked there. */
type Place = { readonly ref: OutputRef; readonly from: number; readonly reach: number };

/** What decides, before a place, whether it lies within a secret: nothing where a line begins. */
async function contextOf({ store: { output } }: Readable, { ref, from, reach }: Place): Promise<Context> {
  const last = await backTo(output.read(ref, Math.max(0, from - 1), from));
  if (last.before.length === 0 || last.before.at(-1) === NEWLINE) return { ...last, before: Buffer.alloc(0) };
  return backTo(output.read(ref, Math.max(0, from - Math.max(INDENT_BYTES, reach)), from));
}

/** Whether so far there are only blanks in the line; of one that begins with very many it is taken for granted. */
function isBlank(before: Uint8Array): boolean {
  const line = before.subarray(before.lastIndexOf(NEWLINE) + 1);
  return line.every((byte) => byte === 0x20 || byte === 0x09);
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
