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
/** Nothing more will come: the job has ended, and every event up to its end was sent. */
export type EndFrame = { type: "end"; seq: number };
/** The cursor is too old or unknown, or this reader was too slow: read `GET /api/jobs` once, then go on from its cursor. */
export type ResetFrame = { type: "reset"; cursor: string; reason: string };

export type StreamFrame = HelloFrame | SnapshotFrame | EventFrame | EndFrame | ResetFrame;
