/** The client for pages: fetch and WebSocket. The daemon that served the page is the one it talks to. */
import { createClientOver, type Aither } from "./client.ts";
import { ConnectionCut, fail } from "./problem.ts";
import type { FrameSocket, HttpRequest, Transport } from "./transport.ts";

export * from "./index.ts";

export type BrowserOptions = {
  /** `http://127.0.0.1:4700`. */
  readonly baseUrl: string;
  /** A bearer token; a page that holds the session's cookie needs none. */
  readonly token?: string;
  readonly transport?: Transport;
};

/** The browser's own WebSocket, as far as it is used here. */
type PageSocket = {
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((message: { readonly data: unknown }) => void) | null;
  onclose: ((closed: { readonly code: number }) => void) | null;
  onerror: (() => void) | null;
};
type PageSocketMaker = new (url: string) => PageSocket;

export function createClient(options: BrowserOptions): Aither {
  return createClientOver(options.transport ?? browserTransport(options));
}

export function browserTransport({ baseUrl, token }: BrowserOptions): Transport {
  const base = baseUrl.replace(/\/+$/, "");
  return {
    where: base,
    async request({ method, path, headers, body, signal }: HttpRequest) {
      const sent: Record<string, string> = { ...headers };
      if (body !== undefined) sent["content-type"] = "application/json";
      if (token !== undefined) sent["authorization"] = `Bearer ${token}`;
      const init = { method, headers: sent, credentials: "same-origin" as const };
      const reply = await fetch(base + path, {
        ...init,
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
      }).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw fail("DAEMON_UNREACHABLE", `no daemon could be reached at ${base}`, { cause: error });
      });
      return { status: reply.status, headers: Object.fromEntries(reply.headers), body: bodyOf(reply, base, signal) };
    },
    socket: ({ path, signal }) => openSocket(base.replace(/^http/, "ws") + path, base, signal),
  };
}

async function* bodyOf(reply: Response, where: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = reply.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
      if (done) return;
      if (value) yield value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new ConnectionCut(where, error);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function openSocket(url: string, where: string, signal?: AbortSignal): Promise<FrameSocket> {
  const Maker = (globalThis as unknown as { WebSocket: PageSocketMaker }).WebSocket;
  const socket = new Maker(url);
  const waiting: string[] = [];
  let end: "open" | "closed" | "cut" = "open";
  let wake: () => void = () => undefined;
  const close = (): void => {
    if (end === "open") end = "closed";
    signal?.removeEventListener("abort", close);
    socket.close();
    wake();
  };
  signal?.addEventListener("abort", close, { once: true });
  socket.onmessage = ({ data }) => {
    waiting.push(String(data));
    wake();
  };
  const frames: FrameSocket = {
    close,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) yield text;
        if (end === "closed") return;
        if (end === "cut") throw new ConnectionCut(where);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(frames);
    socket.onerror = () => reject(new ConnectionCut(where));
    socket.onclose = ({ code }) => {
      if (end === "open") end = code === 1000 || code === 1001 || code === 1005 ? "closed" : "cut";
      wake();
      reject(new ConnectionCut(where));
    };
  });
}
