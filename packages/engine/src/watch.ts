import { hasEnded, type JobState } from "@aither/core";
import type { Event, JobId } from "@aither/protocol";
import type { Behaviour } from "./behaviour.ts";
import type { Bus, Subscription } from "./bus.ts";
import type { WatchItem } from "./face.ts";
import type { Jobs } from "./jobs.ts";
import type { Journal } from "./ports/journal.ts";
import { fold } from "./recover.ts";

type Parts = { jobs: Jobs; bus: Bus; journal: Journal; behaviour: Behaviour };
type Options = { readonly after?: number; readonly signal?: AbortSignal };

/**
 * Snapshot and what follows, without a gap and without a repeat. The reactor lets a turn count synchronously, so a
 * state and a subscription taken in one go belong together.
 */
export async function* watchJob(
  parts: Parts,
  jobId: JobId,
  options: Options,
): AsyncGenerator<WatchItem, void, undefined> {
  const subscription = parts.bus.subscribe(jobId);
  const leave = (): void => subscription.close();
  options.signal?.addEventListener("abort", leave, { once: true });
  try {
    // A job that ended long ago is only on disk any more.
    const state = parts.jobs.get(jobId) ?? (await fold({ ...parts, jobId }));
    if (state === null || aborted(options)) return;
    yield* follow({ parts, state, subscription, options });
  } finally {
    options.signal?.removeEventListener("abort", leave);
    subscription.close();
  }
}

async function* follow(given: {
  parts: Parts;
  state: JobState;
  subscription: Subscription;
  options: Options;
}): AsyncGenerator<WatchItem, void, undefined> {
  const { parts, state, subscription, options } = given;
  let last = options.after ?? state.seq;
  if (options.after === undefined) yield { is: "snapshot", state };
  else {
    for await (const event of missed(parts.journal, state, options.after)) {
      if (aborted(options)) return;
      yield { is: "event", event };
      last = event.seq;
    }
  }
  if (hasEnded(state)) return yield { is: "end", seq: state.seq };
  for (;;) {
    const taken = await subscription.take();
    if (aborted(options) || taken.is === "closed") return;
    if (taken.is === "cut") return yield { is: "cut", after: last };
    for (const event of taken.events) {
      // A reader may claim to have seen more than there was; it gets nothing twice.
      if (event.seq <= last) continue;
      yield { is: "event", event };
      if (aborted(options)) return;
      last = event.seq;
      if (endsJob(event)) return yield { is: "end", seq: event.seq };
    }
  }
}

/** Events after `after`, up to where the subscription takes over. */
async function* missed(journal: Journal, state: JobState, after: number): AsyncGenerator<Event> {
  if (after >= state.seq) return;
  for await (const event of journal.read(state.id, after)) {
    if (event.seq > state.seq) return;
    if (event.seq > after) yield event;
  }
}

function aborted(options: Options): boolean {
  return options.signal?.aborted === true;
}

function endsJob(event: Event): boolean {
  return (
    event.type === "OrchestrationCompleted" ||
    event.type === "OrchestrationFailed" ||
    event.type === "OrchestrationCancelled"
  );
}
