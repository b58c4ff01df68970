import type { Event, EventType } from "@aither/protocol";
import { call, open } from "./call.ts";
import { ndjson } from "./ndjson.ts";
import { resuming } from "./resume.ts";
import type { Transport } from "./transport.ts";

export type EventsOptions = {
  /** Only events with a greater `seq`. */
  readonly after?: number;
  /** Go on until the job has ended; otherwise end with what there is now. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal | undefined;
};

const ends: ReadonlySet<EventType> = new Set([
  "OrchestrationCompleted",
  "OrchestrationFailed",
  "OrchestrationCancelled",
]);

/** Whether nothing can come after this event. */
export function isEnd(event: Event): boolean {
  return ends.has(event.type);
}

/** Events of a job in order, none twice and none lost, also over a restart of the daemon. */
export function events(
  transport: Transport,
  job: string,
  options: EventsOptions = {},
): AsyncGenerator<Event, void, undefined> {
  const { follow = false, signal } = options;
  let after = options.after ?? 0;
  let ended = false;
  return resuming<Event>(
    async function* read(again) {
      const query = { after, ...(follow && { follow }) };
      const wake = again ? ("crashed" as const) : ("always" as const);
      const reply = await open(transport, "jobEvents", { params: { id: job }, query, signal, wake });
      for await (const event of ndjson<Event>(reply.body)) {
        if (event.seq <= after) continue;
        after = event.seq;
        ended = isEnd(event);
        yield event;
      }
      // A daemon that stops ends its streams in good order, too: only the job's last event says that this was all.
      return !follow || ended || (await allTold(transport, job, { after, signal }));
    },
    { signal },
  );
}

async function allTold(transport: Transport, id: string, { after, signal }: EventsOptions): Promise<boolean> {
  const job = await call(transport, "showJob", { params: { id }, signal, wake: "crashed" });
  return job.endedAt !== null && job.seq <= (after ?? 0);
}
