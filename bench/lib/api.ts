// The least that can speak to the daemon: what is measured must be the daemon, and not a client.
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";

export type Api = {
  /** One JSON call. An answer outside 2xx is an error. */
  call(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown>;
  /** Lines of a streamed answer, each with the moment it came (ms since the epoch, with fractions). */
  lines(path: string): AsyncIterable<{ readonly text: string; readonly atMs: number }>;
  close(): void;
};

/** Wall time in ms with the resolution of the monotonic clock. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

export function connect(socketPath: string): Api {
  const agent = new Agent({ keepAlive: true, maxSockets: 400 });
  const send = (method: string, path: string, body: unknown): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers =
        text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      const outgoing = request({ socketPath, agent, method, path, headers }, resolve);
      outgoing.on("error", reject);
      outgoing.end(text);
    });
  return {
    async call(method, path, body) {
      const answer = await send(method, path, body);
      let text = "";
      for await (const chunk of answer) text += String(chunk);
      if ((answer.statusCode ?? 500) >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
      return JSON.parse(text);
    },
    async *lines(path) {
      const answer = await send("GET", path, undefined);
      if (answer.statusCode !== 200) throw new Error(`GET ${path}: ${answer.statusCode}`);
      let rest = "";
      for await (const chunk of answer) {
        const atMs = wallMs();
        const parts = (rest + String(chunk)).split("\n");
        rest = parts.pop() ?? "";
        for (const text of parts) yield { text, atMs };
      }
    },
    close: () => agent.destroy(),
  };
}
