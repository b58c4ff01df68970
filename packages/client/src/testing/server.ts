/** A listener that says exactly the bytes a test wants, and cuts connections when told. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";

export type Asked = { readonly method: string; readonly url: URL; readonly headers: string; readonly body: string };
export type Answer = (socket: Socket, asked: Asked, nth: number) => void;

export class ByteServer implements AsyncDisposable {
  readonly path: string;
  readonly asked: Asked[] = [];
  readonly #folder: string;
  readonly #answer: Answer;
  readonly #open = new Set<Socket>();
  #server: Server | null = null;

  private constructor(folder: string, answer: Answer) {
    this.#folder = folder;
    this.path = join(folder, "s.sock");
    this.#answer = answer;
  }

  static async start(answer: Answer): Promise<ByteServer> {
    const server = new ByteServer(await mkdtemp(join(tmpdir(), "ac-")), answer);
    await server.listen();
    return server;
  }

  async listen(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.listen(this.path);
    await once(this.#server, "listening");
  }

  /** Nobody listens any more, and the socket is gone, as after a stop in good order. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#open) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    this.#open.add(socket);
    let text = "";
    socket.on("error", () => undefined).on("close", () => this.#open.delete(socket));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      const [method = "", path = ""] = text.split(" ");
      const headers = text.slice(0, end);
      const asked = { method, url: new URL(path, "http://x"), headers, body: text.slice(end + 4) };
      text = "";
      this.asked.push(asked);
      this.#answer(socket, asked, this.asked.length);
    });
  }
}

/** A whole answer with its length. */
export function answerWith(socket: Socket, body: unknown, status = 200): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  socket.end(`HTTP/1.1 ${status} X\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

/** The head and these lines as chunks; `whole` says whether the end is told or the line cut. */
export function streamLines(socket: Socket, lines: readonly unknown[], options: { readonly whole: boolean }): void {
  socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  for (const line of lines) {
    const text = `${JSON.stringify(line)}\n`;
    socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
  }
  if (options.whole) socket.end("0\r\n\r\n");
  else setImmediate(() => socket.destroy());
}
