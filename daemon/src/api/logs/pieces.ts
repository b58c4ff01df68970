import { isUtf8 } from "node:buffer";
import { limits } from "../limits.ts";

const NEWLINE = 0x0a;

/** A piece of output: a line with its end, or a part of one. `end` is the offset of the first byte after it. */
export type Piece = { readonly bytes: Buffer; readonly end: number };

/** Cuts output into lines. A long line comes in pieces, none of which cuts a character in two. */
export class LineCutter {
  #carry: Buffer = Buffer.alloc(0);
  #offset: number;

  constructor(from: number) {
    this.#offset = from;
  }

  /** Bytes that wait for the end of their line. */
  get waiting(): number {
    return this.#carry.length;
  }

  push(bytes: Buffer): Piece[] {
    const all = this.#carry.length === 0 ? bytes : Buffer.concat([this.#carry, bytes]);
    const pieces: Piece[] = [];
    let from = 0;
    for (;;) {
      const newline = all.indexOf(NEWLINE, from);
      const end = newline === -1 ? all.length : newline + 1;
      while (end - from > limits.logPieceBytesMax) {
        const cut = from + wholeCharacters(all.subarray(from, from + limits.logPieceBytesMax));
        pieces.push(this.#piece(all.subarray(from, cut)));
        from = cut;
      }
      if (newline === -1) break;
      pieces.push(this.#piece(all.subarray(from, end)));
      from = end;
    }
    this.#carry = all.subarray(from);
    return pieces;
  }

  /** What waits, without an end of its line; half a character waits on unless nothing more can come. */
  flush(isEnd: boolean): Piece[] {
    const length = isEnd ? this.#carry.length : wholeCharacters(this.#carry);
    if (length === 0) return [];
    const piece = this.#piece(this.#carry.subarray(0, length));
    this.#carry = this.#carry.subarray(length);
    return [piece];
  }

  #piece(bytes: Buffer): Piece {
    this.#offset += bytes.length;
    return { bytes, end: this.#offset };
  }
}

/** Length without an unfinished UTF-8 character at the end; the whole length when it is no UTF-8 anyway. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needs > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

export type PieceContext = {
  readonly script: string;
  readonly attempt: number;
  readonly stream: "out" | "err";
};

/** Prints pieces as NDJSON (`LogLine` of the protocol). What is the same in each line is printed once. */
export function piecePrinter({
  script,
  attempt,
  stream,
}: PieceContext): (pieces: readonly Piece[], timeOf: (end: number) => number | null) => string {
  const head = `${JSON.stringify({ script, attempt, stream }).slice(0, -1)},"time":`;
  let lastMs: number | null = null;
  let lastTime = "null";
  const time = (ms: number | null): string => {
    if (ms === lastMs) return lastTime;
    lastMs = ms;
    return (lastTime = ms === null ? "null" : JSON.stringify(new Date(ms).toISOString()));
  };
  return (pieces, timeOf) =>
    pieces.map(({ bytes, end }) => `${head}${time(timeOf(end))},"offset":${end},${content(bytes)}}\n`).join("");
}

function content(bytes: Buffer): string {
  return isUtf8(bytes) ? `"text":${JSON.stringify(bytes.toString("utf8"))}` : `"base64":"${bytes.toString("base64")}"`;
}
