import type { Event, EVENT_VERSION, Fact, Instant, JobId } from "@aither/protocol";
import { isoTime } from "./time.ts";

/** The type makes this line fail to compile when the vocabulary's version grows. */
const eventVersion: typeof EVENT_VERSION = 1;

/** Numbers and dates a fact. `seq` is that of the state it follows, plus one. */
export function toEvent(fact: Fact, place: { seq: number; jobId: JobId; now: Instant }): Event {
  const { seq, jobId, now } = place;
  const { type, ...fields } = fact;
  // The envelope comes first, so that a line of the journal reads well. The compiler cannot follow a spread union.
  return { v: eventVersion, seq, time: isoTime(now.wallMs), jobId, type, ...fields } as Event;
}
