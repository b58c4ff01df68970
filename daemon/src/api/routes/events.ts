import { detail } from "@aither/core";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mountStream, type Call } from "../mount.ts";
import { ok, refuse } from "../outcome.ts";
import { eventText, jobFrame } from "../streams/event-text.ts";
import { closeCodes, FrameWriter } from "../streams/frames.ts";
import { jobEvents } from "../streams/job-events.ts";
import { pour, Sink } from "../streams/sink.ts";

export function eventRoutes(app: FastifyInstance, context: Context): void {
  mountStream(app, "jobEvents", {
    answer: (call) => answerNdjson(context, call),
    admit: async ({ params }) => {
      const found = await findState(context.host, params.id);
      return found.ok ? ok(undefined) : found;
    },
    socket: (socket, call) => sendJob(context, new FrameWriter(socket, call.request, context.closing), call),
  });
  mountStream(app, "allEvents", {
    answer: async () =>
      refuse("REQUEST_INVALID", "this call needs a WebSocket upgrade", {
        hint: "GET /api/jobs/{id}/events streams one job's events as NDJSON",
      }),
    socket: async (socket, call) => sendAll(context, new FrameWriter(socket, call.request, context.closing), call),
  });
}

async function answerNdjson({ host, closing }: Context, { params, query, reply }: Call<"jobEvents">) {
  const found = await findState(host, params.id);
  if (!found.ok) return found;
  const { id: jobId, seq } = found.value;
  const masker = await host.store.secrets.of(jobId);
  const { after = 0, follow = false } = query;
  const sink = new Sink(reply, { contentType: "application/x-ndjson", gatherMs: 0, closing });
  await pour(sink, async () => {
    if (!follow) {
      for await (const event of host.store.events(jobId, after)) {
        // What there was when it was asked.
        if (event.seq > seq || sink.signal.aborted) break;
        await sink.write(`${eventText(event, masker)}\n`);
      }
      return true;
    }
    for await (const item of jobEvents(host, { jobId, after, signal: sink.signal })) {
      if (item.is === "end") return true;
      if (item.is === "event") await sink.write(`${eventText(item.event, masker)}\n`);
    }
    return false;
  });
  return ok(undefined);
}

/** One job: hello, a snapshot unless the reader comes back, every event, the end. */
async function sendJob(
  context: Context,
  writer: FrameWriter,
  { params, query: { after } }: Call<"jobEvents">,
): Promise<void> {
  const { host } = context;
  const found = await findState(host, params.id);
  // It was there a moment ago, when the upgrade was admitted.
  if (!found.ok) return writer.close(closeCodes.goingAway, "the job is gone");
  const { id: jobId, seq } = found.value;
  const masker = await host.store.secrets.of(jobId);
  writer.hello(context, { cursor: String(after ?? seq), oldest: "0" });
  if (after !== undefined && after > seq) {
    writer.send({ type: "reset", cursor: String(seq), reason: `the job has only ${seq} events` });
    return writer.close(closeCodes.reset, "reset");
  }
  const masked = <T>(document: T): T => masker?.document(document) ?? document;
  for await (const item of jobEvents(host, { jobId, signal: writer.signal, ...(after !== undefined && { after }) })) {
    switch (item.is) {
      case "snapshot":
        writer.send({ type: "snapshot", seq: item.state.seq, job: masked(detail(item.state)) });
        break;
      case "event":
        if (writer.keepsUp) writer.send(jobFrame(item.event, masker));
        else await writer.sendAndDrain(jobFrame(item.event, masker));
        break;
      case "end":
        writer.send({ type: "end", seq: item.seq });
        return writer.close(closeCodes.ended, "the job has ended");
      case "slow":
        writer.send({ type: "reset", cursor: String(item.after), reason: "this reader was too slow" });
        return writer.close(closeCodes.reset, "reset");
      default:
        item satisfies never;
    }
  }
  writer.close(closeCodes.goingAway, "the daemon stops");
}

/** All jobs: hello, then events from the cursor on, at the reader's pace, as long as they are kept. */
function sendAll(context: Context, writer: FrameWriter, { query: { after } }: Call<"allEvents">): Promise<void> {
  const { hub } = context;
  writer.hello(context, { cursor: after ?? hub.cursor(), oldest: hub.oldest() });
  let position = hub.positionOf(after ?? hub.cursor());
  let isWaiting = false;
  const reset = (reason: string): void => {
    leave();
    writer.send({ type: "reset", cursor: hub.cursor(), reason });
    writer.close(closeCodes.reset, "reset");
  };
  const pump = (): void => {
    while (position !== null && !isWaiting && !writer.signal.aborted) {
      const recent = hub.next(position);
      if (recent === undefined) return;
      if (recent === null) return reset("this reader was too slow");
      position = recent.position;
      if (writer.keepsUp) {
        writer.send(recent.frame);
        continue;
      }
      isWaiting = true;
      void writer.sendAndDrain(recent.frame).then(() => {
        isWaiting = false;
        pump();
      });
    }
  };
  const leave = hub.onMore(pump);
  if (position === null) reset("the cursor is too old, or unknown");
  else pump();
  return new Promise((resolve) => {
    const done = (): void => {
      leave();
      resolve();
    };
    writer.signal.addEventListener("abort", done, { once: true });
    if (writer.signal.aborted) done();
  });
}
