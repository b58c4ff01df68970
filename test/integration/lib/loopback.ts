/** The loopback door from outside: requests with exactly the headers that are given, as a hostile client would send them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { Problem, Reply, Role } from "@aither/protocol";
import type { Daemon } from "../../rig/daemon.ts";

export type Headers = Readonly<Record<string, string>>;
export type Asked = { readonly method?: string; readonly headers?: Headers; readonly body?: unknown };

export type Answer = {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly problem: Problem;
  readonly body: Record<string, never>;
};

export async function ask(
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: Asked = {},
): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const length = text === undefined ? {} : { "content-length": Buffer.byteLength(text) };
  const asked = request({ host: "127.0.0.1", port, path, method, agent: false, headers: { ...headers, ...length } });
  asked.end(text);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  const found = Buffer.concat(parts).toString("utf8");
  const isJson = /^application\/(problem\+)?json/.test(answer.headers["content-type"] ?? "");
  const document = isJson ? JSON.parse(found) : {};
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: found, problem: document, body: document };
}

/** What a program shows. */
export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

export const json = { "content-type": "application/json" } as const;

export async function invite(
  daemon: Daemon,
  wanted: { kind: "link" | "token"; role?: Role; expiresMs?: number },
): Promise<Reply<"inviteSession"> & { readonly port: number; readonly code: string }> {
  const { status, body, text } = await daemon.ask("POST", "/api/sessions", wanted);
  assert.equal(status, 201, text);
  const invited = body as Reply<"inviteSession">;
  const { port, hash } = new URL(invited.url);
  return { ...invited, port: Number(port), code: hash.slice(1) };
}

export async function token(
  daemon: Daemon,
  role: Role,
  expiresMs?: number,
): Promise<{ port: number; headers: Headers }> {
  const invited = await invite(daemon, { kind: "token", role, ...(expiresMs !== undefined && { expiresMs }) });
  return { port: invited.port, headers: bearer(invited.token ?? "") };
}

export type BrowserSession = {
  readonly port: number;
  readonly id: string;
  readonly cookie: Headers;
  readonly key: Headers;
  /** Both, as a page of ours sends them. */
  readonly headers: Headers;
  readonly setCookie: string;
};

/** What a browser holds after it opened a link. */
export async function browser(daemon: Daemon, role: Role, expiresMs?: number): Promise<BrowserSession> {
  const { port, code } = await invite(daemon, { kind: "link", role, ...(expiresMs !== undefined && { expiresMs }) });
  const opened = await exchange(port, { code });
  assert.equal(opened.status, 201, opened.text);
  const { key, id } = opened.body as unknown as Reply<"openSession">;
  const setCookie = opened.headers["set-cookie"]?.[0] ?? "";
  const cookie = { cookie: setCookie.split(";")[0] ?? "" };
  const keyed = { "x-aither-key": key };
  return { port, id, cookie, key: keyed, headers: { ...cookie, ...keyed }, setCookie };
}

export async function exchange(port: number, body: unknown, headers: Headers = {}): Promise<Answer> {
  return ask(port, "/api/session", { method: "POST", headers: { ...json, ...headers }, body });
}

/** A connection on which nothing was said yet. */
export async function dial(to: number | string): Promise<Socket> {
  const socket = typeof to === "number" ? connect(to, "127.0.0.1") : connect(to);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Asks for a WebSocket by hand. The socket stays open; `head` is what the server said first. */
export async function upgrade(
  to: number | string,
  path: string,
  headers: Headers = {},
): Promise<{ status: number; head: string; socket: Socket }> {
  const socket = await dial(to);
  const all = {
    host: typeof to === "number" ? `127.0.0.1:${to}` : "localhost",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": Buffer.alloc(16, 1).toString("base64"),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.write([`GET ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n"));
  const [first] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as [Buffer | boolean];
  const head = String(first);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, socket };
}

/** A client's frame, masked as clients must. */
export function frame(opcode: number, payload: Buffer): Buffer {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), payload]);
}

/** Whether anybody listens there. */
export async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const [is] = await Promise.race([
    once(socket, "connect").then(() => [true]),
    once(socket, "error").then(() => [false]),
  ]).catch(() => [false]);
  socket.destroy();
  return is === true;
}
