/** A plain HTTP and WebSocket client over a Unix socket, so that the tests see what any client would. */
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { LogLine, Problem, StreamFrame } from "@aither/protocol";
import { Agent, WebSocket } from "undici";

export type Ask = {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

export async function open(socketPath: string, path: string, ask: Ask = {}): Promise<IncomingMessage> {
  const text = ask.body === undefined ? undefined : typeof ask.body === "string" ? ask.body : JSON.stringify(ask.body);
  const asked = request({
    socketPath,
    path,
    method: ask.method ?? "GET",
    headers: { host: "localhost", ...(text !== undefined && { "content-type": "application/json" }), ...ask.headers },
    ...(ask.signal && { signal: ask.signal }),
  });
  asked.end(text);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  // An answer may overtake the last write of its request; a server that goes away just then would break that write.
  if (!asked.writableFinished) await once(asked, "finish");
  return answer;
}

export type Answer = {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly body: Record<string, never>;
  readonly problem: Problem;
};

export async function ask(socketPath: string, path: string, how: Ask = {}): Promise<Answer> {
  const answer = await open(socketPath, path, how);
  const text = (await bytes(answer)).toString("utf8");
  const isJson = /^application\/(problem\+)?json/.test(answer.headers["content-type"] ?? "");
  const body = isJson ? JSON.parse(text) : {};
  return { status: answer.statusCode ?? 0, headers: answer.headers, text, body, problem: body };
}

export async function bytes(answer: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Whole lines of an NDJSON stream, as they come. A stream that breaks off throws. */
export async function* lines<T>(answer: AsyncIterable<unknown>): AsyncGenerator<T, void> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of answer) {
    text += decoder.decode(part as Buffer, { stream: true });
    const all = text.split("\n");
    text = all.pop() ?? "";
    for (const line of all) yield JSON.parse(line) as T;
  }
}

export function bytesOf(line: LogLine): Buffer {
  return line.text === undefined ? Buffer.from(line.base64 ?? "", "base64") : Buffer.from(line.text);
}

/** The frames of a WebSocket, until the server closes it; the loop may be left early. */
export async function* frames(socketPath: string, path: string): AsyncGenerator<StreamFrame, number> {
  const dispatcher = new Agent({ connect: { socketPath } });
  const socket = new WebSocket(`ws://localhost${path}`, { dispatcher });
  const queue: StreamFrame[] = [];
  let closed: number | null = null;
  let wake = (): void => undefined;
  socket.addEventListener("message", ({ data }) => {
    queue.push(JSON.parse(String(data)) as StreamFrame);
    wake();
  });
  socket.addEventListener("close", ({ code }) => {
    closed = code;
    wake();
  });
  try {
    for (;;) {
      const frame = queue.shift();
      if (frame !== undefined) yield frame;
      else if (closed !== null) return closed;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    socket.close();
    await dispatcher.destroy();
  }
}
