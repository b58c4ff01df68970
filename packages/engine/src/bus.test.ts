import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobState } from "@aither/core";
import type { Event } from "@aither/protocol";
import { Bus } from "./bus.ts";
import { limits } from "./limits.ts";

const state = {} as JobState;

function published(seq: number, note = "") {
  const event = {
    v: 1,
    seq,
    time: "2026-01-01T00:00:00.000Z",
    jobId: "job",
    type: "ScriptProgressed",
    script: "a/b",
    attempt: 1,
    note,
  } satisfies Event;
  return { position: seq, event, state };
}

async function seqs(taken: ReturnType<ReturnType<Bus["subscribe"]>["take"]>) {
  const got = await taken;
  return got.is === "events" ? got.events.map(({ seq }) => seq) : got.is;
}

test("a subscriber gets its job's events in order, and only those", async () => {
  const bus = new Bus();
  const mine = bus.subscribe("job");
  const other = bus.subscribe("another");
  bus.publish(published(1));
  bus.publish(published(2));
  assert.deepEqual(await seqs(mine.take()), [1, 2]);
  other.close();
  assert.equal(await seqs(other.take()), "closed");
});

test("a subscriber that waits is woken", async () => {
  const bus = new Bus();
  const taken = seqs(bus.subscribe("job").take());
  bus.publish(published(7));
  assert.deepEqual(await taken, [7]);
});

test("one with too many events waiting is cut, and the others are not", async () => {
  const bus = new Bus();
  const slow = bus.subscribe("job");
  for (let seq = 1; seq <= limits.watchEventsMax; seq++) bus.publish(published(seq));
  const late = bus.subscribe("job");
  bus.publish(published(limits.watchEventsMax + 1));
  assert.equal(await seqs(slow.take()), "cut");
  assert.deepEqual(await seqs(late.take()), [limits.watchEventsMax + 1]);
});

test("one with too many bytes waiting is cut, but a single event may have any size", async () => {
  const bus = new Bus();
  const subscription = bus.subscribe("job");
  bus.publish(published(1, "x".repeat(2 * limits.watchBytesMax)));
  assert.deepEqual(await seqs(subscription.take()), [1]);
  bus.publish(published(2, "x".repeat(2 * limits.watchBytesMax)));
  bus.publish(published(3));
  assert.equal(await seqs(subscription.take()), "cut");
});

test("closing the bus lets every reader finish what it has", async () => {
  const bus = new Bus();
  const subscription = bus.subscribe("job");
  bus.publish(published(1));
  bus.close();
  assert.deepEqual(await seqs(subscription.take()), [1]);
  assert.equal(await seqs(subscription.take()), "closed");
});

test("a listener hears every job at once, until it leaves", () => {
  const bus = new Bus();
  const heard: number[] = [];
  const leave = bus.listen(({ position }) => heard.push(position));
  bus.publish(published(1));
  leave();
  bus.publish(published(2));
  assert.deepEqual(heard, [1]);
});
