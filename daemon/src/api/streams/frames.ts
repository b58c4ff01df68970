import type { FastifyRequest } from "fastify";
import type { StreamFrame } from "@aither/protocol";
import { PROTOCOL } from "@aither/protocol";
import type { WebSocket } from "ws";
import type { Context } from "../context.ts";
import { limits } from "../limits.ts";

/**
 * Sends frames to one reader of a WebSocket. Writes of one turn of the loop go to the kernel together. A reader that
 * takes nothing for too long is cut off.
 */
export class FrameWriter {
  readonly signal: AbortSignal;
  readonly #socket: WebSocket;
  readonly #request: FastifyRequest;
  #isCorked = false;
  #stalled: NodeJS.Timeout | null = null;
  #wake: (() => void) | null = null;

  constructor(socket: WebSocket, request: FastifyRequest, closing: AbortSignal) {
    this.#socket = socket;
    this.#request = request;
    const controller = new AbortController();
    this.signal = controller.signal;
    const stop = (): void => {
      controller.abort();
      this.#wake?.();
    };
    closing.addEventListener("abort", stop, { once: true });
    if (closing.aborted) stop();
    socket.once("close", () => {
      closing.removeEventListener("abort", stop);
      if (this.#stalled !== null) clearTimeout(this.#stalled);
      stop();
    });
  }

  /** True while the reader keeps up; when false, wait for `ready` before sending more. */
  get keepsUp(): boolean {
    return this.#socket.bufferedAmount <= limits.webSocketBufferBytesMax;
  }

  send(frame: Buffer | StreamFrame, sent?: () => void): void {
    if (this.signal.aborted) return;
    this.#cork();
    const bytes = Buffer.isBuffer(frame) ? frame : Buffer.from(JSON.stringify(frame));
    this.#socket.send(bytes, { binary: false, compress: false }, () => sent?.());
  }

  /** Sends a frame and waits until the reader has taken all that was before it. */
  async sendAndDrain(frame: Buffer | StreamFrame): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#stalled = setTimeout(() => this.#socket.terminate(), limits.stalledMs);
      this.#wake = resolve;
      this.send(frame, resolve);
    });
    this.#wake = null;
    if (this.#stalled !== null) clearTimeout(this.#stalled);
    this.#stalled = null;
  }

  hello(context: Context, place: { cursor: string; oldest: string }): void {
    const { instance } = context.host;
    this.send({ type: "hello", instance, protocol: PROTOCOL.max, ...place, now: new Date().toISOString() });
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    const { socket } = this.#request.raw;
    socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      socket.uncork();
    });
  }
}

/** Close codes of our sockets (RFC 6455 leaves 4000 and above to us). */
export const closeCodes = { ended: 1000, goingAway: 1001, reset: 4000 } as const;
