/** HTTP/1.1 over `node:net`: one request a connection. `node:http` would double the start of every command. */
import type { Socket } from "node:net";
import { ConnectionCut, fail, type AitherError } from "./problem.ts";
import type { HttpReply, HttpRequest } from "./transport.ts";

/** Where a daemon listens. `authority` goes into the Host header. */
export type Address = {
  readonly where: string;
  readonly authority: string;
  readonly to: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly token: string | null;
};

/** Not imported: an import of a built-in module runs its lazy getters, too, and loads what nobody asked for. */
const { connect } = process.getBuiltinModule("node:net");
const HEAD_BYTES_MAX = 64 * 1024;

/** Resolves when connected; rejects with the system's error (`code` ENOENT, ECONNREFUSED, EAGAIN …). */
export function dial(address: Address, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = connect(address.to);
    const settle = (act: () => void) => (): void => {
      socket.removeAllListeners("connect").removeAllListeners("error");
      act();
    };
    socket.once(
      "connect",
      settle(() => resolve(socket)),
    );
    socket.once("error", (error) => settle(() => reject(error))());
    if (!signal) return;
    const abort = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", abort));
  });
}

/** Sends one request on a fresh connection and reads the head of its answer. The body's end closes the connection. */
export async function exchange(socket: Socket, address: Address, request: HttpRequest): Promise<HttpReply> {
  const source = new Source(socket, address, request.signal);
  socket.write(headOf(address, request) + (request.body ?? ""));
  for (;;) {
    const { status, headers } = parseHead(await source.until("\r\n\r\n"));
    if (status < 200) continue;
    return { status, headers, body: bodyOf(source, headers, status) };
  }
}

function headOf(address: Address, { method, path, headers, body }: HttpRequest): string {
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${address.authority}`, "connection: close"];
  if (address.token !== null) lines.push(`authorization: Bearer ${address.token}`);
  // The loopback door takes nothing but JSON from whoever changes something, and no body at all is an empty one.
  if (body !== undefined || method !== "GET")
    lines.push("content-type: application/json", `content-length: ${Buffer.byteLength(body ?? "")}`);
  for (const [name, value] of Object.entries(headers ?? {})) lines.push(`${name}: ${value.replace(/[\r\n]/g, " ")}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function parseHead(text: string): { status: number; headers: Record<string, string> } {
  const [first = "", ...lines] = text.split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
  if (!status) throw notHttp(`it begins with ${JSON.stringify(first.slice(0, 80))}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status, headers };
}

/** Somebody else listens there, or stands in between. */
function notHttp(what: string): AitherError {
  return fail("DAEMON_UNREACHABLE", `what answers is no daemon: this is not HTTP/1.1: ${what}`);
}

async function* bodyOf(source: Source, headers: Record<string, string>, status: number): AsyncGenerator<Uint8Array> {
  try {
    if (status === 204 || status === 304) return;
    if (/\bchunked\b/i.test(headers["transfer-encoding"] ?? "")) yield* chunks(source);
    else if (headers["content-length"] !== undefined) yield* source.exactly(lengthOf(headers["content-length"], 10));
    else yield* source.rest();
  } finally {
    source.close();
  }
}

async function* chunks(source: Source): AsyncGenerator<Uint8Array> {
  for (;;) {
    const [told = ""] = (await source.until("\r\n")).split(";");
    const size = lengthOf(told, 16);
    if (size === 0) break;
    yield* source.exactly(size);
    const rest = await source.until("\r\n");
    if (rest !== "") throw notHttp("a chunk is longer than it says");
  }
  while ((await source.until("\r\n")) !== "") continue;
}

function lengthOf(text: string, base: 10 | 16): number {
  const length = (base === 10 ? /^\s*\d{1,15}\s*$/ : /^\s*[\da-f]{1,12}\s*$/i).test(text)
    ? Number.parseInt(text, base)
    : Number.NaN;
  if (Number.isNaN(length)) throw notHttp(`${JSON.stringify(text.slice(0, 40))} is no length`);
  return length;
}

/** Bytes of a socket, taken as they are wanted: a slow reader slows the daemon's sending, and nothing piles up here. */
class Source {
  readonly #socket: Socket;
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #address: Address;
  readonly #signal: AbortSignal | undefined;
  #left: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, address: Address, signal: AbortSignal | undefined) {
    this.#socket = socket;
    this.#address = address;
    this.#signal = signal;
    this.#pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** The text before `mark`, which is taken, too. */
  async until(mark: string): Promise<string> {
    for (;;) {
      const at = this.#left.indexOf(mark);
      if (at >= 0) {
        const text = this.#left.toString("latin1", 0, at);
        this.#left = this.#left.subarray(at + mark.length);
        return text;
      }
      if (this.#left.length > HEAD_BYTES_MAX) throw notHttp("a head does not end");
      const more = await this.#more();
      if (more === null) throw new ConnectionCut(this.#address.where);
      this.#left = this.#left.length === 0 ? more : Buffer.concat([this.#left, more]);
    }
  }

  async *exactly(bytes: number): AsyncGenerator<Uint8Array> {
    let wanted = bytes;
    while (wanted > 0) {
      const piece = this.#left.length > 0 ? this.#left : await this.#more();
      if (piece === null) throw new ConnectionCut(this.#address.where);
      const part = piece.subarray(0, wanted);
      this.#left = piece.subarray(part.length);
      wanted -= part.length;
      yield part;
    }
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    for (let piece: Buffer | null = this.#left; piece !== null; piece = await this.#more()) {
      if (piece.length > 0) yield piece;
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  async #more(): Promise<Buffer | null> {
    try {
      const next = await this.#pieces.next();
      return next.done ? null : next.value;
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw new ConnectionCut(this.#address.where, error);
    }
  }
}
