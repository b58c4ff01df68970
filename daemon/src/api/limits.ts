/** Everything the doors hold for others has a bound, and the bound has its name here. */
export const limits = {
  /** Calls that may carry the text of a playbook. */
  playbookBodyBytesMax: 16 * 1024 * 1024,
  bodyBytesMax: 1024 * 1024,
  /** A log cursor names every attempt seen, and it travels in the request line. */
  headerBytesMax: 1024 * 1024,
  /** Of a name in a path: `/api/jobs/<name>`. */
  pathPartBytesMax: 1024,
  idempotencyKeyLengthMax: 200,
  /** Clients have nothing to say on a WebSocket. */
  webSocketMessageBytesMax: 4 * 1024,
  /** Messages and pings of one client in any ten seconds. */
  webSocketMessagesMax: 64,
  /** Cookies of our name that a request may carry; pages of other ports can add some. */
  cookiesMax: 4,
  /** Bytes that wait for one WebSocket before the sender waits for its reader. */
  webSocketBufferBytesMax: 1024 * 1024,
  /** A reader that took nothing for so long is gone or stopped: it is cut off and can come back. */
  stalledMs: 60_000,
  /** Past events of all jobs that a reader of `/api/events` can still come back to. */
  recentEventsMax: 4_096,
  recentEventsBytesMax: 1024 * 1024,
  /** One write of a stream. */
  streamWriteBytes: 64 * 1024,
  /** Output that comes in quick succession is gathered for so long; the first of a quiet stream goes at once. */
  logGatherMs: 12,
  /** A line without an end is held back for so long, in case its end comes. */
  logPartialLineMs: 100,
  /** A longer line is sent in pieces. */
  logPieceBytesMax: 64 * 1024,
  /** Searches at once: each has a thread of its own. */
  searchesMax: 4,
} as const;

/** What differs by door: whoever can reach the socket is its owner; anybody on this machine can reach the port. */
export const doorLimits = {
  socket: {
    connectionsMax: 8_192,
    webSocketsMax: 2_048,
    /** The head of a request must have come within so long, and all of it within so long. */
    headersMs: 60_000,
    requestMs: 300_000,
    checkedEveryMs: 30_000,
    /** A client of the same machine that is gone has closed its socket: nobody asks. */
    webSocketIdleMs: null,
  },
  tcp: {
    connectionsMax: 256,
    webSocketsMax: 64,
    headersMs: 10_000,
    requestMs: 30_000,
    checkedEveryMs: 2_000,
    /** Who does not answer to a ping for so long is gone. */
    webSocketIdleMs: 60_000,
  },
} as const;
