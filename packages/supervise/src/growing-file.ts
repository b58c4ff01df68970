/**
 * One growing file and those who follow it. Knows how to read and whom to give it to; when to look is
 * decided by `tail.ts`.
 *
 * Reads go by explicit offset into one buffer shared by all files. Followers at the same offset, which
 * is nearly always all of them, share one read.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { errorCode } from "./attempt-files.ts";

/** `bytes` is valid until the sink returns: copy what must live longer. A promise asks for a pause. */
export type Sink = (bytes: Buffer, offset: number) => void | Promise<void>;

export type Follower = {
  offset: number;
  /** Set once the attempt has ended: deliver up to here, exactly, and finish. */
  end: number | undefined;
  busy: boolean;
  readonly sink: Sink;
  readonly finish: (error?: unknown) => void;
};

/** 1 MiB: larger reads are no faster, smaller ones cost more calls. */
const sharedBuffer = Buffer.allocUnsafeSlow(1024 * 1024);
/** Reads of one file before the loop gets its turn. */
const READS_A_TURN = 4;

export class GrowingFile {
  readonly path: string;
  readonly followers = new Set<Follower>();
  readonly #wake: () => void;
  #fd: number | undefined;

  /** `wake` is called when there may be something to do: a follower is ready again, or more is there. */
  constructor(path: string, wake: () => void) {
    this.path = path;
    this.#wake = wake;
  }

  /** Delivers what is there, within one turn's budget. True when anything was read. */
  pump(): boolean {
    let grew = false;
    for (let reads = 0; reads < READS_A_TURN; reads += 1) {
      const ready = [...this.followers].filter(({ busy }) => !busy);
      if (ready.length === 0) return grew;
      const offset = Math.min(...ready.map((follower) => follower.offset));
      const count = this.#read(offset);
      if (count > 0) {
        grew = true;
        const chunk = sharedBuffer.subarray(0, count);
        for (const follower of ready) {
          if (follower.offset === offset) this.#deliver(follower, chunk);
        }
      }
      for (const follower of ready) this.#finishAtEnd(follower, count === 0);
      if (count === 0) return grew;
    }
    // The budget is used up, not the file.
    setImmediate(this.#wake);
    return grew;
  }

  /** Whether a look would find something, without opening the file. */
  hasMore(): boolean {
    const size = sizeOf(this.path);
    return [...this.followers].some(({ offset, busy }) => !busy && size > offset);
  }

  /** Ends a follower at this offset; without one, at the present size of the file. */
  endAt(follower: Follower, offset: number | undefined): void {
    follower.end = offset ?? sizeOf(this.path);
    this.#wake();
  }

  /** Frees the descriptor; the next look opens the file again. */
  release(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #read(offset: number): number {
    if (this.#fd === undefined) {
      try {
        this.#fd = openSync(this.path, "r");
      } catch (error) {
        // Followed before it was made: there is nothing to read yet.
        if (errorCode(error) === "ENOENT") return 0;
        this.#failAll(error);
        return 0;
      }
    }
    try {
      return readSync(this.#fd, sharedBuffer, 0, sharedBuffer.length, offset);
    } catch (error) {
      this.#failAll(error);
      return 0;
    }
  }

  #deliver(follower: Follower, chunk: Buffer): void {
    const room = (follower.end ?? Number.POSITIVE_INFINITY) - follower.offset;
    if (room <= 0) return;
    const bytes = chunk.length > room ? chunk.subarray(0, room) : chunk;
    const { offset } = follower;
    follower.offset += bytes.length;
    try {
      const pause = follower.sink(bytes, offset);
      if (pause === undefined) return;
      follower.busy = true;
      pause.then(
        () => {
          follower.busy = false;
          this.#wake();
        },
        (error: unknown) => this.#finish(follower, error),
      );
    } catch (error) {
      this.#finish(follower, error);
    }
  }

  /** At the end of a file that was cut short there is nothing more to wait for either. */
  #finishAtEnd(follower: Follower, fileEnded: boolean): void {
    if (follower.busy || follower.end === undefined) return;
    if (follower.offset >= follower.end || fileEnded) this.#finish(follower);
  }

  #finish(follower: Follower, error?: unknown): void {
    if (this.followers.delete(follower)) follower.finish(error);
  }

  #failAll(error: unknown): void {
    for (const follower of this.followers) this.#finish(follower, error);
  }

  /** The size behind the open descriptor, for a caller that wants to know how far the file goes now. */
  size(): number {
    return this.#fd === undefined ? sizeOf(this.path) : fstatSync(this.#fd).size;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
