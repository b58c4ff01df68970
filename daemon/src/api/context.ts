import type { Host } from "../host.ts";
import type { EventHub } from "./streams/event-hub.ts";

/** What every route is given. */
export type Context = {
  readonly host: Host;
  readonly hub: EventHub;
  /** Aborted when the app closes: whatever still waits or streams then ends. */
  readonly closing: AbortSignal;
};
