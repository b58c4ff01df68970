import type { Event } from "./event.ts";
import type { JobDetail } from "./job.ts";

/** First frame on every WebSocket. `cursor` and `oldest` are opaque on `/api/events`, and `seq`s on a job's socket. */
export type HelloFrame = {
  type: "hello";
  instance: string;
  protocol: number;
  cursor: string;
  oldest: string;
  now: string;
};
export type SnapshotFrame = { type: "snapshot"; seq: number; job: JobDetail };
export type EventFrame = { type: "event"; cursor: string; event: Event };
/** Nothing more will come: the job has ended, and every event up to its end was sent. The last frame of its socket. */
export type EndFrame = { type: "end"; seq: number };
/**
 * The cursor is too old or unknown, or this reader was too slow. The last frame of its socket. On `/api/events` read
 * `GET /api/jobs` once and come back with its cursor; on a job's socket come back with the last `seq` that was seen.
 */
export type ResetFrame = { type: "reset"; cursor: string; reason: string };

export type StreamFrame = HelloFrame | SnapshotFrame | EventFrame | EndFrame | ResetFrame;
