import type { Published } from "@aither/engine";
import type { JobId } from "@aither/protocol";
import type { Host } from "../../host.ts";
import { limits } from "../limits.ts";
import type { Masker } from "../../secrets/masker.ts";
import { eventFrame, eventText } from "./event-text.ts";

export type Recent = { readonly position: number; readonly cursor: string; readonly frame: Buffer };

/**
 * The last events of all jobs, numbered over this life of the daemon, for those who come back to `/api/events`.
 * A cursor names the daemon's life and a position in it; as texts, later cursors are greater.
 */
export class EventHub {
  readonly #life: string;
  readonly #listeners = new Set<() => void>();
  readonly #leave: () => void;
  readonly #maskerOf: (jobId: JobId) => Masker | null;
  #recent: Recent[] = [];
  /** Index of the oldest one that is still offered. */
  #first = 0;
  #bytes = 0;
  #position = 0;
  #isTelling = false;

  constructor(host: Pick<Host, "engine" | "startedAt">, maskerOf: (jobId: JobId) => Masker | null) {
    this.#maskerOf = maskerOf;
    this.#life = sortable(Date.parse(host.startedAt));
    this.#leave = host.engine.onPublished((published) => this.#take(published));
  }

  /** After the last event there is. */
  cursor(): string {
    return this.#cursorAt(this.#position);
  }

  /** The oldest cursor that can still be resumed from. */
  oldest(): string {
    const first = this.#recent[this.#first];
    return first === undefined ? this.cursor() : this.#cursorAt(first.position - 1);
  }

  /** The position a cursor stands for; null for one that is too old or of another life. */
  positionOf(cursor: string): number | null {
    const [life, text, ...more] = cursor.split("-");
    if (life !== this.#life || text === undefined || !/^[0-9a-z]{9}$/.test(text) || more.length > 0) return null;
    const position = Number.parseInt(text, 36);
    return position <= this.#position && cursor >= this.oldest() ? position : null;
  }

  /** The event after a position; undefined when there is none yet, null when it is not kept any more. */
  next(position: number): Recent | undefined | null {
    const first = this.#recent[this.#first];
    if (first === undefined || position >= this.#position) return undefined;
    return position + 1 < first.position ? null : this.#recent[this.#first + position + 1 - first.position];
  }

  /** Called when there is more. Must not throw or block. */
  onMore(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#leave();
    this.#listeners.clear();
  }

  #take({ event }: Published): void {
    this.#position += 1;
    const cursor = this.#cursorAt(this.#position);
    const frame = eventFrame(cursor, eventText(event, this.#maskerOf(event.jobId)));
    this.#recent.push({ position: this.#position, cursor, frame });
    this.#bytes += frame.length;
    this.#forgetOld();
    this.#tell();
  }

  /** Once for all events of a turn, and outside of it: a thousand readers shall not make the engine's turn longer. */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of this.#listeners) listener();
    });
  }

  /** The newest one always stays, however large: whoever reads live must get it. */
  #forgetOld(): void {
    while (
      this.#recent.length - this.#first > 1 &&
      (this.#bytes > limits.recentEventsBytesMax || this.#recent.length - this.#first > limits.recentEventsMax)
    ) {
      this.#bytes -= this.#recent[this.#first]?.frame.length ?? 0;
      this.#first += 1;
    }
    // Dropping from the front of an array costs its length, so it is done rarely and in one go.
    if (this.#first > limits.recentEventsMax || (this.#first > 64 && this.#first * 2 > this.#recent.length)) {
      this.#recent = this.#recent.slice(this.#first);
      this.#first = 0;
    }
  }

  #cursorAt(position: number): string {
    return `${this.#life}-${sortable(position)}`;
  }
}

/** Fixed width, so that texts sort as numbers do. */
function sortable(value: number): string {
  return value.toString(36).padStart(9, "0");
}
