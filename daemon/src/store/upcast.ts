/** Old event shapes → today's. One function a step: the one at index n lifts an event of version n+1 to n+2. */
import { EVENT_VERSION, type Event } from "@aither/protocol";

type Step = (event: Record<string, unknown>) => Record<string, unknown>;

const steps: readonly Step[] = [];

/** `event` has an envelope of any version up to today's. */
export function upcast(event: Record<string, unknown> & { v: number }): Event {
  let lifted: Record<string, unknown> = event;
  for (let version = event.v; version < EVENT_VERSION; version += 1) {
    const step = steps[version - 1];
    if (step === undefined) throw new Error(`no step leads from event version ${version}`);
    lifted = { ...step(lifted), v: version + 1 };
  }
  return lifted as unknown as Event;
}
