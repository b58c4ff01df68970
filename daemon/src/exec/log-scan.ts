/** Looks through one log, each byte once, for what its script names as secret (`::add-mask::`). */
import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { MaskLines } from "../secrets/mask-lines.ts";
import { errorCode } from "../store/errors.ts";

const READ_BYTES = 256 * 1024;
/** Where a daemon goes on that knows how far the last one came: the line that this one had begun is not longer. */
const AGAIN_BYTES = 128 * 1024;

export class LogScan {
  readonly #path: string;
  readonly #learn: (values: readonly string[]) => void;
  readonly #lines: MaskLines;
  /** Offset of the next byte. */
  #at: number;
  #finishing: Promise<void> | null = null;

  /** `seen`: how far somebody came before, and kept what was named there. */
  constructor(path: string, seen: number, learn: (values: readonly string[]) => void) {
    this.#path = path;
    this.#learn = learn;
    this.#at = Math.max(0, seen - AGAIN_BYTES);
    this.#lines = new MaskLines(this.#at === 0);
  }

  /**
   * What somebody read of it anyway; pieces out of turn are read again at the end. Gives a promise where something is
   * named, or where the end is being looked through: who notes how far the log was seen waits for it.
   */
  saw(bytes: Buffer, offset: number): Promise<void> | undefined {
    if (this.#finishing !== null) return this.#finishing;
    return offset === this.#at && this.#take(bytes) ? Promise.resolve() : undefined;
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
    const before = this.#finishing ?? Promise.resolve();
    this.#finishing = before
      .catch(() => undefined)
      .then(async () => this.upTo(size))
      .then(() => void this.#named(this.#lines.rest()));
    return this.#finishing;
  }

  #take(bytes: Buffer): boolean {
    this.#at += bytes.length;
    return this.#named(this.#lines.push(bytes));
  }

  #named(parts: ReturnType<MaskLines["push"]>): boolean {
    const values = parts.flatMap(({ mask }) => (mask === null ? [] : [mask]));
    if (values.length > 0) this.#learn(values);
    return values.length > 0;
  }
}
