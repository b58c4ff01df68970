import assert from "node:assert/strict";
import { test } from "node:test";
import type { Published } from "@aither/engine";
import type { Event } from "@aither/protocol";
import { limits } from "../limits.ts";
import { EventHub } from "./event-hub.ts";

/** A hub, and a way to publish events of about so many bytes. */
function hubWith(startedAt = "2026-01-01T00:00:00.000Z") {
  let publish: ((published: Published) => void) | undefined;
  const engine = {
    onPublished: (listener: (published: Published) => void) => {
      publish = listener;
      return () => (publish = undefined);
    },
  };
  const hub = new EventHub({ engine, startedAt } as ConstructorParameters<typeof EventHub>[0], () => null);
  let seq = 0;
  const say = (bytes = 0): void => {
    const envelope = { v: 1, seq: ++seq, time: startedAt, jobId: "j" };
    const event: Event = { ...envelope, type: "OrchestrationFailed", reason: "x".repeat(bytes) };
    publish?.({ position: seq, event } as Published);
  };
  return { hub, say };
}

/** Positions a reader gets who comes with this cursor, or null when it must begin anew. */
function read(hub: EventHub, cursor: string): number[] | null {
  let position = hub.positionOf(cursor);
  if (position === null) return null;
  const found: number[] = [];
  for (;;) {
    const recent = hub.next(position);
    if (recent === undefined) return found;
    if (recent === null) return null;
    position = recent.position;
    found.push(position);
  }
}

test("every cursor that was given out is resumed from, or refused, never wrong", () => {
  const { hub, say } = hubWith();
  const cursors = [hub.cursor()];
  const total = limits.recentEventsMax * 3;
  for (let count = 1; count <= total; count++) {
    say();
    cursors.push(hub.cursor());
    assert.ok((cursors[count] ?? "") > (cursors[count - 1] ?? ""), "cursors grow");
  }
  const oldest = hub.positionOf(hub.oldest()) ?? Number.NaN;
  assert.ok(total - oldest <= limits.recentEventsMax && total - oldest > limits.recentEventsMax / 2);
  for (const [position, cursor] of cursors.entries()) {
    if (position < oldest) assert.equal(read(hub, cursor), null);
    else if (position % 97 === 0 || position > total - 3)
      assert.deepEqual(
        read(hub, cursor),
        Array.from({ length: total - position }, (_, index) => position + 1 + index),
      );
  }
});

test("large events push old ones out, but the newest always stays", () => {
  const { hub, say } = hubWith();
  say();
  const before = hub.cursor();
  say(limits.recentEventsBytesMax * 2);
  assert.deepEqual(read(hub, before), [2]);
  const behind = hub.cursor();
  say();
  assert.deepEqual(read(hub, behind), [3]);
  assert.equal(read(hub, before), null);
});

test("cursors of other lives and things that are none are unknown; later lives have later cursors", () => {
  const { hub, say } = hubWith();
  say();
  const later = hubWith("2026-01-01T00:00:00.001Z").hub;
  assert.ok(later.cursor() > hub.cursor());
  for (const cursor of [
    later.cursor(),
    "",
    "-",
    "x",
    `${hub.cursor()}-1`,
    `${hub.cursor()}0`,
    hub.cursor().toUpperCase(),
  ])
    assert.equal(hub.positionOf(cursor), null, cursor);
  const [life = ""] = hub.cursor().split("-");
  assert.equal(hub.positionOf(`${life}-00000000z`), null, "the future is unknown");
});
