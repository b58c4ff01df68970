import type { EndFrame, EventFrame, ResetFrame, SnapshotFrame, StreamFrame } from "@aither/protocol";
import { pathOf } from "./call.ts";
import { resuming } from "./resume.ts";
import type { Transport } from "./transport.ts";

export type JobFrame = SnapshotFrame | EventFrame | EndFrame;
export type AllFrame = EventFrame | ResetFrame;

/**
 * A job live: first a snapshot, then every event after it, then `end`. After a gap it goes on with the last `seq`;
 * a snapshot may come again, and no event comes twice.
 */
export function watchJob(
  transport: Transport,
  job: string,
  options: { readonly after?: number; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<JobFrame, void, undefined> {
  let after = options.after;
  return resuming<JobFrame>(
    async function* read(again) {
      const path = pathOf("jobEvents", { id: job }, { after });
      for await (const frame of frames(transport, path, again, options.signal)) {
        if (frame.type === "snapshot") after = Math.max(after ?? 0, frame.seq);
        else if (frame.type === "event") {
          if (frame.event.seq <= (after ?? 0)) continue;
          after = frame.event.seq;
        } else if (frame.type === "end") {
          yield frame;
          return true;
        } else continue;
        yield frame;
      }
      return false;
    },
    { signal: options.signal },
  );
}

/**
 * All jobs' events behind `after` (from `listJobs().cursor`). A `reset` frame says that some were missed: read the
 * list once; the stream itself goes on behind its cursor. Never ends by itself.
 */
export function watchAll(
  transport: Transport,
  options: { readonly after?: string; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<AllFrame, void, undefined> {
  let after = options.after;
  return resuming<AllFrame>(
    async function* read(again) {
      for await (const frame of frames(transport, pathOf("allEvents", {}, { after }), again, options.signal)) {
        if (frame.type !== "event" && frame.type !== "reset") continue;
        after = frame.cursor;
        yield frame;
      }
      return false;
    },
    { signal: options.signal },
  );
}

async function* frames(
  transport: Transport,
  path: string,
  again: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamFrame, void, undefined> {
  const socket = await transport.socket({ path, wake: again ? "crashed" : "always", ...(signal && { signal }) });
  try {
    for await (const text of socket) yield JSON.parse(text) as StreamFrame;
  } finally {
    socket.close();
  }
}
