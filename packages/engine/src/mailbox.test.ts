import assert from "node:assert/strict";
import { test } from "node:test";
import { Mailbox } from "./mailbox.ts";

test("items come out in the order they went in, as many as asked for", async () => {
  const mailbox = new Mailbox<number>(10);
  for (const item of [1, 2, 3]) mailbox.put(item);
  assert.deepEqual(await mailbox.take(2), [1, 2]);
  assert.deepEqual(await mailbox.take(2), [3]);
});

test("an offer to a full mailbox is refused, an observation is not", async () => {
  const mailbox = new Mailbox<string>(1);
  assert.equal(mailbox.offer("command"), true);
  assert.equal(mailbox.offer("one too many"), false);
  mailbox.put("observation");
  assert.deepEqual(await mailbox.take(10), ["command", "observation"]);
});

test("a reader that waits gets what comes", async () => {
  const mailbox = new Mailbox<number>(10);
  const taken = mailbox.take(10);
  mailbox.put(1);
  assert.deepEqual(await taken, [1]);
});

test("closing lets out what is in, takes nothing more, and ends the reader", async () => {
  const mailbox = new Mailbox<number>(10);
  mailbox.put(1);
  mailbox.close();
  mailbox.put(2);
  assert.equal(mailbox.offer(3), false);
  assert.deepEqual(await mailbox.take(10), [1]);
  assert.equal(await mailbox.take(10), null);
});

test("closing wakes a reader that waits", async () => {
  const mailbox = new Mailbox<number>(10);
  const taken = mailbox.take(10);
  mailbox.close();
  assert.equal(await taken, null);
});
