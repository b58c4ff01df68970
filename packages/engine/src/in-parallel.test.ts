import assert from "node:assert/strict";
import { test } from "node:test";
import { Heap } from "./heap.ts";
import { inParallel } from "./in-parallel.ts";

test("no more than allowed runs at once, and everything runs", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await inParallel(3, [1, 2, 3, 4, 5, 6, 7], async (item) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    done.push(item);
  });
  assert.equal(most, 3);
  assert.deepEqual(
    done.sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7],
  );
});

test("after a failure nothing new is begun, and what was under way is waited for", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    if (item === 1) throw new Error("disk");
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(item);
  };
  await assert.rejects(inParallel(2, [1, 2, 3, 4], work), /disk/);
  assert.deepEqual(begun, [1, 2]);
  assert.deepEqual(ended, [2]);
});

test("a heap gives its items by key", () => {
  const heap = new Heap<number>((item) => item);
  for (const item of [5, 1, 4, 1, 3, 9, 2]) heap.push(item);
  const out: number[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) out.push(item);
  assert.deepEqual(out, [1, 1, 2, 3, 4, 5, 9]);
  assert.equal(heap.size, 0);
});
