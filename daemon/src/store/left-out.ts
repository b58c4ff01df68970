/** A log whose middle was given back to the disk, as its readers see it: a line stands where the hole is. */
import { readCut, type AttemptFiles, type Cut } from "@aither/supervise";
import type { OutputPiece } from "../host.ts";

const NEWLINE = 0x0a;
const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** `… 4.8 GB left out here …` */
export function leftOutLine(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1_000 && unit < units.length - 1; unit += 1) size /= 1_000;
  return `… ${unit === 0 ? size : size.toFixed(1)} ${units[unit]} left out here …`;
}

/** Turns what was read into what is shown. Zeros may be the script's own: only the record of the cut tells. */
export class HoleFilter {
  readonly #files: AttemptFiles;
  #given: number;
  #last = NEWLINE;

  constructor(files: AttemptFiles, from: number) {
    this.#files = files;
    this.#given = from;
  }

  /** Where reading goes on. */
  get offset(): number {
    return this.#given;
  }

  async pass(offset: number, bytes: Buffer): Promise<OutputPiece[]> {
    const end = offset + bytes.length;
    if (end <= this.#given) return [];
    const fresh = offset < this.#given ? bytes.subarray(this.#given - offset) : bytes;
    // What was read before the cut was made is whole; a hole has nothing but zeros.
    const cut = fresh.includes(0) ? await readCut(this.#files) : undefined;
    const begin = end - fresh.length;
    if (cut === undefined || end <= cut.from || begin >= cut.to) return [this.#piece(fresh, end)];
    const pieces: OutputPiece[] = [];
    if (begin < cut.from) pieces.push(this.#piece(fresh.subarray(0, cut.from - begin), cut.from));
    pieces.push(this.#marker(Math.max(begin, cut.from), cut));
    if (end > cut.to) pieces.push(this.#piece(fresh.subarray(cut.to - begin), end));
    return pieces;
  }

  #piece(bytes: Buffer, end: number): OutputPiece {
    this.#given = end;
    this.#last = bytes.at(-1) ?? this.#last;
    return { bytes, end, leftOut: 0 };
  }

  #marker(from: number, { to }: Cut): OutputPiece {
    const bytes = Buffer.from(`${this.#last === NEWLINE ? "" : "\n"}${leftOutLine(to - from)}\n`);
    this.#given = to;
    this.#last = NEWLINE;
    return { bytes, end: to, leftOut: to - from };
  }
}
