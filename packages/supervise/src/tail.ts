/**
 * Follows files that others append to.
 *
 *    an event: read at once        several events within a moment
 *   ┌──────────────▶ watched ────────────────────────────────────▶ polled
 *   └───────────────fs.watch ◀─────────────────────────────────── 10 → 50 ms
 *                                nothing new for a moment
 *
 * A watch on a busy file is ruinous (one callback a write), a poll of a silent one is waste, and who prints a
 * line now and then is followed within a millisecond. Events can be lost (the kernel's queue overflows in
 * silence), so a slow sweep looks at every watched file too.
 */
import { watch, type FSWatcher } from "node:fs";
import { GrowingFile, type Follower, type Sink } from "./growing-file.ts";
import { createIndexWriter } from "./tail-index.ts";

export type FollowOptions = {
  /** First byte wanted; default 0. */
  readonly from?: number;
  /** Ends there, exactly: for a range whose end is known beforehand. */
  readonly to?: number;
  /** Ends the following without an error. */
  readonly signal?: AbortSignal;
  /**
   * Settles when the writer has ended, with the final size, or with undefined for "what is there now".
   * Everything up to there is delivered, and nothing more is read from then on; what a child of the
   * script wrote later may have come along before. Without it a file is followed until aborted.
   */
  readonly until?: Promise<number | undefined>;
  /**
   * Records offset and time of each read here, when the sink has done with it: what the index tells of was dealt with,
   * whenever this process dies. Only one tail of a file may do so.
   */
  readonly indexPath?: string;
};

export type TailChunk = { readonly offset: number; readonly bytes: Buffer };

export type TailOptions = {
  readonly pollMsMin?: number;
  readonly pollMsMax?: number;
  /** Silence after which polling gives way to watching; default 40. */
  readonly quietMs?: number;
  /** How often each watched file is looked at in spite of its watch; default 2,000. */
  readonly sweepMs?: number;
};

/** All files together are read at most this often a second. */
const READS_A_SECOND = 5_000;
const SWEEP_PARTS = 10;
/** So many events of one file within so long, and its watch costs more than polling it: 200 a second. */
const BURST_EVENTS = 4;
const BURST_MS = 20;
/** Bytes an iterating follower may lie behind before reading waits for it. */
const QUEUE_BYTES_MAX = 1024 * 1024;

type Watched = {
  readonly file: GrowingFile;
  watcher: FSWatcher | undefined;
  active: boolean;
  pollMs: number;
  pollAt: number;
  grewAt: number;
  /** Events of the watch since `burstAt`. */
  burst: number;
  burstAt: number;
};

export class Tail {
  readonly #options: Required<TailOptions>;
  readonly #files = new Map<string, Watched>();
  #active = new Set<Watched>();
  #sweepRound: Watched[] = [];
  #pollTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(options: TailOptions = {}) {
    this.#options = { pollMsMin: 10, pollMsMax: 50, quietMs: 40, sweepMs: 2_000, ...options };
  }

  /**
   * Calls `sink` with each piece, in order, without gaps, from the shared buffer. Resolves with the
   * offset reached when `until` or `signal` ended it; rejects when the file or the sink failed.
   * The file need not exist yet.
   */
  async read(path: string, sink: Sink, options: FollowOptions = {}): Promise<number> {
    const index = options.indexPath === undefined ? undefined : createIndexWriter(options.indexPath);
    let isOver = false;
    const recording: Sink =
      index === undefined
        ? sink
        : (bytes, offset) => {
            const end = offset + bytes.length;
            const done = sink(bytes, offset);
            if (done === undefined) return index.record(end);
            return done.then(() => {
              if (!isOver) index.record(end);
            });
          };
    try {
      return await this.#follow(path, recording, options);
    } finally {
      isOver = true;
      index?.close();
    }
  }

  /** The same as pieces to iterate; each has bytes of its own. A slow reader slows only itself. */
  async *follow(path: string, options: FollowOptions = {}): AsyncGenerator<TailChunk, void, void> {
    const stop = new AbortController();
    const queue: TailChunk[] = [];
    let queued = 0;
    let wakeReader = (): void => undefined;
    let wakeWriter = (): void => undefined;
    const abort = (): void => stop.abort();
    options.signal?.addEventListener("abort", abort, { once: true });
    if (options.signal?.aborted === true) abort();
    let ended = false;
    const reading = this.read(
      path,
      (bytes, offset) => {
        queue.push({ offset, bytes: Buffer.from(bytes) });
        queued += bytes.length;
        wakeReader();
        if (queued < QUEUE_BYTES_MAX) return undefined;
        return new Promise<void>((resolve) => (wakeWriter = resolve));
      },
      { ...options, signal: stop.signal },
    ).finally(() => {
      ended = true;
      wakeReader();
    });
    // Whoever iterates gets the error below; until then it must not count as unhandled.
    reading.catch(() => undefined);
    try {
      for (;;) {
        const chunk = queue.shift();
        if (chunk !== undefined) {
          queued -= chunk.bytes.length;
          wakeWriter();
          yield chunk;
        } else if (ended) break;
        else await new Promise<void>((resolve) => (wakeReader = resolve));
      }
      await reading;
    } finally {
      options.signal?.removeEventListener("abort", abort);
      stop.abort();
    }
  }

  /** Ends everything that follows; what was read so far was delivered. */
  close(): void {
    for (const watched of this.#files.values()) {
      for (const follower of watched.file.followers) {
        watched.file.followers.delete(follower);
        follower.finish();
      }
      this.#settle(watched);
    }
  }

  async #follow(path: string, sink: Sink, options: FollowOptions): Promise<number> {
    const { signal } = options;
    if (signal?.aborted === true) return options.from ?? 0;
    const watched = this.#open(path);
    let follower: Follower | undefined;
    let abort = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const own: Follower = {
          offset: options.from ?? 0,
          end: options.to,
          busy: false,
          sink,
          finish: (error) => {
            if (error === undefined) resolve();
            // Whatever was thrown goes on as it is.
            else reject(error as Error);
          },
        };
        follower = own;
        abort = () => {
          watched.file.followers.delete(own);
          own.finish();
        };
        signal?.addEventListener("abort", abort, { once: true });
        watched.file.followers.add(own);
        options.until?.then((end) => watched.file.endAt(own, end), own.finish);
        this.#look(watched);
      });
      return follower?.offset ?? 0;
    } finally {
      signal?.removeEventListener("abort", abort);
      if (follower !== undefined) watched.file.followers.delete(follower);
      this.#settle(watched);
    }
  }

  #open(path: string): Watched {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const watched: Watched = {
      file: new GrowingFile(path, () => this.#look(watched)),
      watcher: undefined,
      active: false,
      pollMs: this.#options.pollMsMin,
      pollAt: 0,
      grewAt: Number.NEGATIVE_INFINITY,
      burst: 0,
      burstAt: 0,
    };
    this.#files.set(path, watched);
    this.#sweepTimer ??= setInterval(() => this.#sweep(), this.#options.sweepMs / SWEEP_PARTS);
    return watched;
  }

  /** Reads what is there and decides how to wait for more. */
  #look(watched: Watched): void {
    if (this.#files.get(watched.file.path) !== watched) return;
    const now = performance.now();
    if (watched.file.pump()) {
      watched.grewAt = now;
      watched.pollMs = this.#options.pollMsMin;
    } else watched.pollMs = Math.min(watched.pollMs * 1.5, this.#options.pollMsMax);
    if (watched.file.followers.size === 0) return;
    if (watched.active ? now - watched.grewAt < this.#options.quietMs : watched.burst >= BURST_EVENTS) {
      this.#poll(watched, now);
    } else if (watched.watcher === undefined) this.#watch(watched, now);
  }

  #poll(watched: Watched, now: number): void {
    watched.watcher?.close();
    watched.watcher = undefined;
    watched.active = true;
    this.#active.add(watched);
    const fairMs = (this.#active.size * 1000) / READS_A_SECOND;
    watched.pollAt = now + Math.max(watched.pollMs, fairMs);
    this.#armPoll(watched.pollAt - now);
  }

  #armPoll(waitMs: number): void {
    this.#pollTimer ??= setTimeout(() => {
      this.#pollTimer = undefined;
      this.#pollDue();
    }, waitMs);
  }

  #pollDue(): void {
    const now = performance.now() + 0.5;
    let nextAt = Number.POSITIVE_INFINITY;
    for (const watched of this.#active) {
      if (watched.pollAt <= now) this.#look(watched);
      if (this.#active.has(watched)) nextAt = Math.min(nextAt, watched.pollAt);
    }
    if (nextAt < Number.POSITIVE_INFINITY) this.#armPoll(Math.max(1, nextAt - performance.now()));
  }

  #watch(watched: Watched, now: number): void {
    try {
      const watcher = watch(watched.file.path, { persistent: true });
      watched.watcher = watcher;
      watcher.on("error", () => watcher.close());
      watcher.on("change", () => {
        if (watched.watcher !== watcher) return;
        const eventAt = performance.now();
        if (eventAt - watched.burstAt > BURST_MS) {
          watched.burstAt = eventAt;
          watched.burst = 0;
        }
        watched.burst += 1;
        this.#look(watched);
      });
    } catch {
      // No file yet, or no watch left to have: polling slowly is as good.
      this.#poll(watched, now);
      return;
    }
    watched.active = false;
    watched.burst = 0;
    this.#active.delete(watched);
    // What was written between the last look and the watch made no event.
    if (watched.file.hasMore()) this.#look(watched);
    else watched.file.release();
  }

  #sweep(): void {
    const idle = [...this.#files.values()].filter(({ active }) => !active);
    if (this.#sweepRound.length === 0) this.#sweepRound = idle;
    for (const watched of this.#sweepRound.splice(0, Math.ceil(idle.length / SWEEP_PARTS))) {
      if (watched.active) continue;
      if (watched.file.hasMore()) this.#look(watched);
      else watched.file.release();
    }
  }

  /** Forgets a file nobody follows. */
  #settle(watched: Watched): void {
    if (watched.file.followers.size > 0) return;
    watched.watcher?.close();
    watched.watcher = undefined;
    watched.active = false;
    watched.file.release();
    this.#active.delete(watched);
    if (this.#files.get(watched.file.path) === watched) this.#files.delete(watched.file.path);
    if (this.#files.size > 0) return;
    clearInterval(this.#sweepTimer);
    clearTimeout(this.#pollTimer);
    this.#sweepTimer = undefined;
    this.#pollTimer = undefined;
  }
}
