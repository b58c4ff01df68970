import type { TimerAt } from "@aither/core";
import type { Instant } from "@aither/protocol";
import { Heap } from "./heap.ts";
import { limits } from "./limits.ts";
import type { Clock } from "./ports/clock.ts";

type Entry = { readonly id: string; readonly dueMs: number };

/**
 * All timers of all jobs, behind one sleep of the clock port.
 *
 * Timers follow one of two clocks (see `TimerAt`), so there are two heaps and the earlier top decides how long to
 * sleep. The sleep is never longer than 30 s: a wall clock that was set, or a machine that slept, is noticed then,
 * and a timer neither fires early nor is lost. Every wake looks at the clock itself; nothing trusts the sleep.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #fire: (id: string) => void;
  readonly #wall = new Heap<Entry>((entry) => entry.dueMs);
  readonly #running = new Heap<Entry>((entry) => entry.dueMs);
  /** The entries that count; one in a heap but not in here was cleared or replaced. */
  readonly #wanted = new Map<string, Entry>();
  #forget: (() => void) | null = null;
  /** On the monotonic clock of this boot. */
  #wakeAtMs = Infinity;

  constructor(options: { clock: Clock; fire: (id: string) => void }) {
    this.#clock = options.clock;
    this.#fire = options.fire;
  }

  get size(): number {
    return this.#wanted.size;
  }

  has(id: string): boolean {
    return this.#wanted.has(id);
  }

  /** Sets or moves a timer. With `again` it was due before and changed nothing, so it waits a little first. */
  set(id: string, at: TimerAt, options: { again: boolean } = { again: false }): void {
    const now = this.#clock.now();
    if (options.again) {
      this.#put(this.#running, { id, dueMs: now.monotonicMs + limits.timerAgainMs });
    } else if (at.clock === "wall") {
      this.#put(this.#wall, { id, dueMs: at.atMs });
    } else if (at.deadline.bootId === now.bootId) {
      this.#put(this.#running, { id, dueMs: at.deadline.monotonicMs });
    } else {
      // The boot this countdown ran on is over; only the wall clock still says anything.
      this.#put(this.#wall, { id, dueMs: at.deadline.wallMs });
    }
    this.#arm(now);
  }

  clear(id: string): void {
    this.#wanted.delete(id);
  }

  close(): void {
    this.#forget?.();
    this.#forget = null;
    this.#wanted.clear();
  }

  #put(heap: Heap<Entry>, entry: Entry): void {
    this.#wanted.set(entry.id, entry);
    heap.push(entry);
  }

  #arm(now: Instant): void {
    const delayMs = this.#delayMs(now);
    if (delayMs === null) return;
    const wakeAtMs = now.monotonicMs + delayMs;
    if (this.#forget !== null && this.#wakeAtMs <= wakeAtMs) return;
    this.#forget?.();
    this.#wakeAtMs = wakeAtMs;
    this.#forget = this.#clock.after(delayMs, () => this.#wake());
  }

  /** How long may be slept; null when nothing waits. */
  #delayMs(now: Instant): number | null {
    const wall = this.#top(this.#wall);
    const running = this.#top(this.#running);
    if (wall === undefined && running === undefined) return null;
    const leftMs = Math.min(
      wall === undefined ? Infinity : wall.dueMs - now.wallMs,
      running === undefined ? Infinity : running.dueMs - now.monotonicMs,
    );
    return Math.min(Math.max(0, Math.ceil(leftMs)), limits.timerSleepMsMax);
  }

  #wake(): void {
    this.#forget = null;
    this.#wakeAtMs = Infinity;
    const now = this.#clock.now();
    const due = [...this.#takeDue(this.#running, now.monotonicMs), ...this.#takeDue(this.#wall, now.wallMs)];
    for (const entry of due) this.#fire(entry.id);
    this.#arm(now);
  }

  #takeDue(heap: Heap<Entry>, nowMs: number): Entry[] {
    const due: Entry[] = [];
    for (let top = this.#top(heap); top !== undefined && top.dueMs <= nowMs; top = this.#top(heap)) {
      heap.pop();
      this.#wanted.delete(top.id);
      due.push(top);
    }
    return due;
  }

  /** The earliest entry that still counts; drops the others on the way. */
  #top(heap: Heap<Entry>): Entry | undefined {
    for (let top = heap.peek(); top !== undefined; top = heap.peek()) {
      if (this.#wanted.get(top.id) === top) return top;
      heap.pop();
    }
    return undefined;
  }
}
