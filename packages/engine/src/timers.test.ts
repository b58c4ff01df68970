import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "./limits.ts";
import type { Clock } from "./ports/clock.ts";
import { Timers } from "./timers.ts";

/** A clock that is moved by hand; `sleep` and `setWall` do what machines and people do. */
class HandClock implements Clock {
  wallMs = 1_000_000;
  monotonicMs = 5_000;
  bootId = "a";
  sleeps: number[] = [];
  #waiting: { atMs: number; callback: () => void }[] = [];

  now() {
    return { wallMs: this.wallMs, monotonicMs: this.monotonicMs, bootId: this.bootId };
  }

  after(delayMs: number, callback: () => void): () => void {
    this.sleeps.push(delayMs);
    const entry = { atMs: this.monotonicMs + delayMs, callback };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  /** Lets both clocks run, and calls whoever waited. */
  run(ms: number): void {
    const endMs = this.monotonicMs + ms;
    for (;;) {
      const next = this.#waiting.filter((entry) => entry.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.wallMs += next.atMs - this.monotonicMs;
      this.monotonicMs = next.atMs;
      next.callback();
    }
    this.wallMs += endMs - this.monotonicMs;
    this.monotonicMs = endMs;
  }
}

function setUp() {
  const clock = new HandClock();
  const fired: string[] = [];
  const timers = new Timers({ clock, fire: (id) => fired.push(id) });
  const running = (delayMs: number) => ({
    clock: "running" as const,
    deadline: {
      wallMs: clock.wallMs + delayMs,
      monotonicMs: clock.monotonicMs + delayMs,
      bootId: clock.bootId,
    },
  });
  const wall = (delayMs: number) => ({ clock: "wall" as const, atMs: clock.wallMs + delayMs });
  return { clock, fired, timers, running, wall };
}

test("timers fire when they are due, not before, each once", () => {
  const { clock, fired, timers, running, wall } = setUp();
  timers.set("late", running(500));
  timers.set("soon", wall(100));
  clock.run(99);
  assert.deepEqual(fired, []);
  clock.run(1);
  assert.deepEqual(fired, ["soon"]);
  clock.run(1_000);
  assert.deepEqual(fired, ["soon", "late"]);
  assert.equal(timers.size, 0);
});

test("what is past already fires at once, but never within the call that set it", () => {
  const { clock, fired, timers, wall } = setUp();
  timers.set("past", wall(-10_000));
  assert.deepEqual(fired, []);
  clock.run(0);
  assert.deepEqual(fired, ["past"]);
});

test("a timer that was cleared or moved does not fire at its old time", () => {
  const { clock, fired, timers, running } = setUp();
  timers.set("cleared", running(100));
  timers.set("moved", running(100));
  timers.clear("cleared");
  timers.set("moved", running(300));
  clock.run(299);
  assert.deepEqual(fired, []);
  clock.run(1);
  assert.deepEqual(fired, ["moved"]);
});

test("setting the wall clock forward fires wall timers within half a minute and leaves countdowns alone", () => {
  const { clock, fired, timers, running, wall } = setUp();
  timers.set("retry", wall(3_600_000));
  timers.set("deadline", running(3_600_000));
  clock.wallMs += 3_600_000;
  clock.run(limits.timerSleepMsMax);
  assert.deepEqual(fired, ["retry"]);
});

test("setting the wall clock back does not make a wall timer early", () => {
  const { clock, fired, timers, wall } = setUp();
  timers.set("retry", wall(60_000));
  clock.wallMs -= 120_000;
  clock.run(179_999);
  assert.deepEqual(fired, []);
  clock.run(limits.timerSleepMsMax);
  assert.deepEqual(fired, ["retry"]);
});

test("a countdown of an earlier boot goes by the wall clock", () => {
  const { clock, fired, timers } = setUp();
  const deadline = { wallMs: clock.wallMs + 50, monotonicMs: 9e9, bootId: "another" };
  timers.set("old", { clock: "running", deadline });
  clock.run(50);
  assert.deepEqual(fired, ["old"]);
});

test("one that is asked for again waits a little, whatever its time", () => {
  const { clock, fired, timers, wall } = setUp();
  timers.set("again", wall(-1), { again: true });
  clock.run(limits.timerAgainMs - 1);
  assert.deepEqual(fired, []);
  clock.run(1);
  assert.deepEqual(fired, ["again"]);
});

test("nothing is slept for when nothing waits, and never for long", () => {
  const { clock, timers, running } = setUp();
  assert.deepEqual(clock.sleeps, []);
  timers.set("far", running(10 * 3_600_000));
  assert.deepEqual(clock.sleeps, [limits.timerSleepMsMax]);
  timers.close();
  clock.run(limits.timerSleepMsMax * 3);
  assert.deepEqual(clock.sleeps, [limits.timerSleepMsMax]);
});
