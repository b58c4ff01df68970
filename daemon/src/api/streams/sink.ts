import { setMaxListeners } from "node:events";
import type { ServerResponse } from "node:http";
import { PROTOCOL, VERSION } from "@aither/protocol";
import type { FastifyReply } from "fastify";
import { limits } from "../limits.ts";

export type SinkOptions = {
  readonly contentType: string;
  /** What follows within this time is gathered into one write; the first of a quiet stream goes at once. */
  readonly gatherMs: number;
  readonly closing: AbortSignal;
  /** Default: nobody keeps it. */
  readonly cacheControl?: string;
  readonly status?: number;
};

/**
 * A chunked answer that waits for its reader. `signal` is aborted when the reader is gone or the daemon stops; then
 * nothing more is taken. An answer that is not finished by `end` is broken off, so that nobody takes it for whole.
 */
export class Sink {
  readonly signal: AbortSignal;
  readonly #raw: ServerResponse;
  readonly #gatherMs: number;
  readonly #controller = new AbortController();
  #parts: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #isScheduled = false;
  #lastWriteMs = 0;
  #drained: Promise<void> | null = null;
  #wake: (() => void) | null = null;

  constructor(
    reply: FastifyReply,
    { contentType, gatherMs, closing, cacheControl = "no-store", status = 200 }: SinkOptions,
  ) {
    reply.hijack();
    const { raw } = reply;
    this.#raw = raw;
    this.#gatherMs = gatherMs;
    this.signal = this.#controller.signal;
    // Each attempt that is followed listens to it.
    setMaxListeners(0, this.signal);
    const stop = (): void => {
      this.#controller.abort();
      this.#wake?.();
    };
    raw.on("drain", () => this.#wake?.());
    closing.addEventListener("abort", stop, { once: true });
    raw.once("close", () => {
      closing.removeEventListener("abort", stop);
      stop();
    });
    if (closing.aborted) stop();
    raw.writeHead(status, {
      "content-type": contentType,
      "cache-control": cacheControl,
      "aither-version": VERSION,
      "aither-protocol": `${PROTOCOL.min}-${PROTOCOL.max}`,
    });
    // A follower of a quiet job shall know at once that it is heard.
    raw.flushHeaders();
  }

  /** Takes a part in. Wait for what it returns, if anything, before giving more: the reader is slow. */
  write(part: Buffer | string): Promise<void> | undefined {
    if (this.signal.aborted) return undefined;
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= limits.streamWriteBytes) this.#flush();
    else this.#schedule();
    return this.#drained ?? undefined;
  }

  /** Everything was said: the reader sees a proper end. */
  end(): void {
    if (this.signal.aborted) return this.breakOff();
    this.#flush();
    this.#raw.end();
  }

  /** Ends without a proper end: the reader sees that something is missing. */
  breakOff(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#raw.destroy();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const sinceMs = performance.now() - this.#lastWriteMs;
    if (sinceMs >= this.#gatherMs) process.nextTick(() => this.#flush());
    else this.#timer = setTimeout(() => this.#flush(), this.#gatherMs - sinceMs);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#isScheduled = false;
    if (this.#bytes === 0 || this.#raw.destroyed) return;
    const [first] = this.#parts;
    const whole = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#lastWriteMs = performance.now();
    if (!this.#raw.write(whole)) this.#drained ??= this.#untilDrained();
  }

  #untilDrained(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = (): void => {
        this.#wake = null;
        this.#drained = null;
        resolve();
      };
      if (this.signal.aborted) this.#wake();
    });
  }
}

/** Runs a stream to its end and closes the answer as it deserves: true means that everything was said. */
export async function pour(sink: Sink, run: () => Promise<boolean>): Promise<void> {
  let isWhole = false;
  try {
    isWhole = await run();
  } finally {
    if (isWhole) sink.end();
    else sink.breakOff();
  }
}
