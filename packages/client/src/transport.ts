/**
 * Whether a daemon that does not answer may be started: `always`; only when it `crashed` (its socket is there and
 * nobody listens, so that a stopped daemon stays stopped); or `never`.
 */
export type Wake = "always" | "crashed" | "never";

export type HttpRequest = {
  readonly method: string;
  /** Path and query, already encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly wake?: Wake;
};

/** `body` may be read once. It throws an `AitherError` (DAEMON_UNREACHABLE) when the connection is cut before its end. */
export type HttpReply = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
};

/** Text frames of one WebSocket, in order. Ends when the peer closed it; throws DAEMON_UNREACHABLE when it was cut. */
export type FrameSocket = AsyncIterable<string> & { close(): void };

/** How requests reach a daemon. Both methods reject with an `AitherError` when nobody answers. */
export interface Transport {
  /** For people: `unix:///run/user/1000/aither/….sock`. */
  readonly where: string;
  request(request: HttpRequest): Promise<HttpReply>;
  socket(request: Pick<HttpRequest, "path" | "signal" | "wake">): Promise<FrameSocket>;
}
