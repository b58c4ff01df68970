import { PROTOCOL, routes, type Body, type Params, type Query, type Reply, type RouteName } from "@aither/protocol";
import { AitherError, ConnectionCut, fail, isAitherError, isUnreachable, problemOf } from "./problem.ts";
import { pause } from "./resume.ts";
import type { HttpReply, Transport, Wake } from "./transport.ts";

type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };
type Needed<Key extends string, T> = [T] extends [undefined] ? unknown : { readonly [K in Key]: T };
type Allowed<Key extends string, T> = [T] extends [undefined] ? unknown : { readonly [K in Key]?: Loose<T> };

export type CallOptions<Name extends RouteName> = Needed<"params", Params<Name>> &
  Needed<"body", Body<Name>> &
  Allowed<"query", Query<Name>> & {
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
    readonly wake?: Wake;
  };

type AnyOptions = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly wake?: Wake;
};

/** How long the way from one daemon to the next may take. */
const HANDOVER_PATIENCE_MS = 5_000;
const HANDOVER_PAUSE_MS = 50;

/**
 * One call of the API, typed by its route. Rejects with an `AitherError` that carries the daemon's problem document.
 *
 * Whoever comes while one daemon goes and the next comes is served by the next. What was refused because the daemon
 * stops was not done, and is asked again as if it had come a moment later. What only reads and was cut off is asked
 * again too, but for it no daemon is started that was told to stop. (A wait is no such call: it was being answered.
 * `Job.wait` knows how to go on.)
 */
export async function call<Name extends RouteName>(
  transport: Transport,
  name: Name,
  options: CallOptions<Name>,
): Promise<Reply<Name>> {
  const { signal, wake } = options as AnyOptions;
  const until = wake === "never" || name === "waitJob" ? 0 : Date.now() + HANDOVER_PATIENCE_MS;
  const isRead = routes[name].method === "GET";
  let cut: ConnectionCut | undefined;
  let wasLeaving = false;
  for (;;) {
    try {
      return await callOnce(transport, name, cut === undefined ? options : { ...options, wake: "crashed" });
    } catch (error) {
      const isLeaving = isAitherError(error) && error.code === "STOPPING";
      const isCut = error instanceof ConnectionCut;
      // A second one: perhaps it is this very question that kills them.
      const isBetween = (wasLeaving || cut !== undefined) && isUnreachable(error) && !isCut;
      const mayRepeat = isLeaving || isBetween || (isCut && isRead && cut === undefined);
      if (signal?.aborted === true || !mayRepeat || Date.now() >= until) throw cut ?? error;
      if (isCut) cut = error;
      wasLeaving ||= isLeaving;
      await pause(HANDOVER_PAUSE_MS, signal);
    }
  }
}

async function callOnce<Name extends RouteName>(
  transport: Transport,
  name: Name,
  options: CallOptions<Name>,
): Promise<Reply<Name>> {
  const reply = await open(transport, name, options);
  return JSON.parse(await readText(reply.body)) as Reply<Name>;
}

/** The same for streams and documents: the reply's body is the caller's to read. */
export async function open<Name extends RouteName>(
  transport: Transport,
  name: Name,
  options: CallOptions<Name>,
): Promise<HttpReply> {
  const { params, query, body, headers, signal, wake } = options as AnyOptions;
  const reply = await transport.request({
    method: routes[name].method,
    path: pathOf(name, params, query),
    ...(headers && { headers }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
    ...(wake && { wake }),
  });
  checkProtocol(reply, transport.where);
  if (reply.status >= 400) throw new AitherError(problemOf(reply.status, await readText(reply.body)));
  return reply;
}

/** Path and query of a route, encoded. */
export function pathOf(
  name: RouteName,
  params: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, unknown>> = {},
): string {
  const path = routes[name].path.replace(/:([a-z]+)/gi, (_, key: string) => encodeURIComponent(params[key] ?? ""));
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}

export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

function checkProtocol(reply: HttpReply, where: string): void {
  const told = reply.headers["aither-protocol"];
  if (told === undefined) return;
  const theirs = told.split(/[-,]/).map(Number);
  const [min = Number.NaN, max = min] = theirs;
  if (max < PROTOCOL.min || min > PROTOCOL.max) {
    throw fail(
      "PROTOCOL_MISMATCH",
      `the daemon at ${where} speaks protocol ${told}, this client ${PROTOCOL.min} to ${PROTOCOL.max}`,
    );
  }
}
