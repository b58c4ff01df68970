import assert from "node:assert/strict";
import { test } from "node:test";
import { createClock } from "./clock.ts";

test("a callback never comes before its time, and comes once", async () => {
  const clock = createClock("boot");
  const called: number[] = [];
  const begun = clock.now().monotonicMs;
  await Promise.all(
    [0, 0.4, 1, 2.5, 7, 20].map(
      async (delayMs) =>
        new Promise<void>((resolve) => {
          clock.after(delayMs, () => {
            called.push(delayMs);
            assert.ok(clock.now().monotonicMs - begun >= delayMs, `${delayMs} ms`);
            resolve();
          });
        }),
    ),
  );
  assert.deepEqual(called, [0, 0.4, 1, 2.5, 7, 20]);
});

test("a forgotten callback does not come", async () => {
  const clock = createClock("boot");
  const forget = clock.after(1, () => assert.fail("it was forgotten"));
  forget();
  await new Promise<void>((resolve) => clock.after(5, resolve));
});

test("an instant names its boot, and its clock goes on", () => {
  const clock = createClock("boot-7");
  const first = clock.now();
  const second = clock.now();
  assert.equal(first.bootId, "boot-7");
  assert.ok(second.monotonicMs >= first.monotonicMs);
  assert.ok(Math.abs(first.wallMs - Date.now()) < 60_000);
});
