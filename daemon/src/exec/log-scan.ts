/** Looks through one log, each byte once, for what its script names as secret (`::add-mask::`). */
import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { MaskLines } from "../secrets/mask-lines.ts";
import { errorCode } from "../store/errors.ts";

const READ_BYTES = 256 * 1024;
/** Where a daemon goes on that knows how far the last one came: what that one saw last it may not have kept. */
const AGAIN_BYTES = 1024 * 1024;

export class LogScan {
  readonly #path: string;
  readonly #learn: (values: readonly string[]) => void;
  readonly #lines: MaskLines;
  /** Offset of the next byte. */
  #at: number;
  #isClosed = false;

  /** `seen`: how far somebody came before. */
  constructor(path: string, seen: number, learn: (values: readonly string[]) => void) {
    this.#path = path;
    this.#learn = learn;
    this.#at = Math.max(0, seen - AGAIN_BYTES);
    this.#lines = new MaskLines(this.#at === 0);
  }

  /** What somebody read of it anyway; pieces out of turn are read again at the end. */
  saw(bytes: Buffer, offset: number): void {
    if (!this.#isClosed && offset === this.#at) this.#take(bytes);
  }

  /** Reads up to there. */
  async upTo(size: number): Promise<void> {
    if (this.#at >= size) return;
    let fd;
    try {
      fd = openSync(this.#path, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      throw error;
    }
    try {
      const bytes = Buffer.allocUnsafe(Math.min(READ_BYTES, size - this.#at));
      while (this.#at < size) {
        const count = readSync(fd, bytes, 0, Math.min(bytes.length, size - this.#at), this.#at);
        if (count === 0) return;
        this.#take(bytes.subarray(0, count));
        // A long log is read in many turns.
        if (this.#at < size) await setImmediate();
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Its script writes no more, and this is all there is. */
  async finish(size: number): Promise<void> {
    this.#isClosed = true;
    await this.upTo(size);
    this.#named(this.#lines.rest());
  }

  #take(bytes: Buffer): void {
    this.#at += bytes.length;
    this.#named(this.#lines.push(bytes));
  }

  #named(parts: ReturnType<MaskLines["push"]>): void {
    const values = parts.flatMap(({ mask }) => (mask === null ? [] : [mask]));
    if (values.length > 0) this.#learn(values);
  }
}
