/** WebSocket over a Unix socket or loopback TCP. undici is heavy, so this file is loaded only for live streams. */
import { Agent, WebSocket } from "undici";
import type { Address } from "./http1.ts";
import type { ConnectionCut } from "./problem.ts";
import type { FrameSocket } from "./transport.ts";

const CLOSED_NORMALLY: ReadonlySet<number> = new Set([1000, 1001, 1005]);

/**
 * `Cut` is handed in: this file imports nothing that is loaded anyway, so that a bundler keeps what is loaded anyway
 * in one chunk.
 */
export type SocketOptions = {
  readonly address: Address;
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
  readonly Cut: typeof ConnectionCut;
};

/** Opens the socket; rejects with `ConnectionCut` when the upgrade is refused. */
export async function openSocket({ address, path, signal, Cut }: SocketOptions): Promise<FrameSocket> {
  const dispatcher = new Agent("path" in address.to ? { connect: { socketPath: address.to.path } } : {});
  const headers = address.token === null ? {} : { headers: { authorization: `Bearer ${address.token}` } };
  const socket = new WebSocket(`ws://${address.authority}${path}`, { dispatcher, ...headers });
  const waiting: string[] = [];
  let end: "open" | "closed" | "cut" = "open";
  let wake: () => void = () => undefined;
  const close = (): void => {
    if (end === "open") end = "closed";
    if (socket.readyState < WebSocket.CLOSING) socket.close();
    signal?.removeEventListener("abort", close);
    void dispatcher.destroy();
    wake();
  };
  signal?.addEventListener("abort", close, { once: true });
  socket.addEventListener("message", ({ data }) => {
    waiting.push(String(data));
    wake();
  });
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("close", ({ code }) => {
      if (end === "open") end = CLOSED_NORMALLY.has(code) ? "closed" : "cut";
      wake();
      reject(new Cut(address.where));
    });
    socket.addEventListener("error", ({ error }) => {
      if (end === "open") end = "cut";
      wake();
      reject(new Cut(address.where, error));
    });
  });
  await opened.catch((error: unknown) => {
    close();
    signal?.throwIfAborted();
    throw error;
  });
  return {
    close,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) yield text;
        if (end === "closed") return;
        if (end === "cut") throw new Cut(address.where);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
