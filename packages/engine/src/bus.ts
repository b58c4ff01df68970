import type { Event, JobId } from "@aither/protocol";
import type { Published } from "./face.ts";
import { limits } from "./limits.ts";

/** What a subscription gives when asked: the next events, in order, or that it was too slow. */
export type Taken =
  | { readonly is: "events"; readonly events: readonly Event[] }
  | { readonly is: "cut" }
  | { readonly is: "closed" };

/**
 * Ordered fan-out. Publishing never waits: each subscription has a bounded queue, and one that is too slow loses its
 * queue and learns so when it next asks. It then reads what it missed from the journal.
 */
export class Bus {
  readonly #subscriptions = new Map<JobId, Set<Subscription>>();
  readonly #listeners = new Set<(published: Published) => void>();
  readonly #eventsMax: number;

  constructor(eventsMax: number = limits.watchEventsMax) {
    this.#eventsMax = eventsMax;
  }

  subscribe(jobId: JobId): Subscription {
    const all = this.#subscriptions.get(jobId) ?? new Set<Subscription>();
    this.#subscriptions.set(jobId, all);
    const subscription = new Subscription(this.#eventsMax, () => {
      all.delete(subscription);
      if (all.size === 0 && this.#subscriptions.get(jobId) === all) this.#subscriptions.delete(jobId);
    });
    all.add(subscription);
    return subscription;
  }

  listen(listener: (published: Published) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(published: Published): void {
    for (const listener of this.#listeners) listener(published);
    const all = this.#subscriptions.get(published.event.jobId);
    if (all === undefined) return;
    const bytes = JSON.stringify(published.event).length;
    for (const subscription of all) subscription.push(published.event, bytes);
  }

  /** Every reader is let go; nothing more is coming. */
  close(): void {
    for (const all of this.#subscriptions.values()) {
      for (const subscription of all) subscription.close();
    }
  }
}

export class Subscription {
  readonly #eventsMax: number;
  readonly #leave: () => void;
  #events: Event[] = [];
  #bytes = 0;
  #state: "open" | "cut" | "closed" = "open";
  #wake: (() => void) | null = null;

  constructor(eventsMax: number, leave: () => void) {
    this.#eventsMax = eventsMax;
    this.#leave = leave;
  }

  /**
   * Takes an event in. The bound is looked at before, so that one event may always wait, however large: a job's first
   * event holds its whole plan.
   */
  push(event: Event, bytes: number): void {
    if (this.#state !== "open") return;
    if (this.#events.length >= this.#eventsMax || this.#bytes >= limits.watchBytesMax) {
      this.#end("cut");
      return;
    }
    this.#events.push(event);
    this.#bytes += bytes;
    this.#alarm();
  }

  /** Waits for events. What was taken in before `close` is still given; what was before a cut is not. */
  async take(): Promise<Taken> {
    while (this.#events.length === 0) {
      if (this.#state !== "open") return { is: this.#state };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const events = this.#events;
    this.#events = [];
    this.#bytes = 0;
    return { is: "events", events };
  }

  close(): void {
    if (this.#state === "open") this.#end("closed");
  }

  #end(state: "cut" | "closed"): void {
    this.#state = state;
    if (state === "cut") this.#events = [];
    this.#leave();
    this.#alarm();
  }

  #alarm(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
