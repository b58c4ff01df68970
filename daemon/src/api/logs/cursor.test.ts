import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCursor, streamName } from "./cursor.ts";

test("a cursor names attempts, streams and offsets", () => {
  const cursor = parseCursor("build/compile#1:120,test[0]/unit#12.err:0,a:b#c#3:7");
  assert.deepEqual(
    [...(cursor ?? [])],
    [
      ["build/compile#1", 120],
      ["test[0]/unit#12.err", 0],
      ["a:b#c#3", 7],
    ],
  );
  assert.equal(parseCursor("")?.size, 0);
});

test("what is no cursor is refused", () => {
  for (const text of ["x", "a#1", "a#0:1", "a#1:-1", "a#1:1,", "a#1.out:1", "#1:1", "a#1:1e3", `a#1:${"9".repeat(20)}`])
    assert.equal(parseCursor(text), null, text);
});

test("names are what the cursor speaks of", () => {
  const ref = { script: "s/a", attempt: 2 };
  assert.equal(streamName({ ...ref, stream: "out" }), "s/a#2");
  assert.equal(streamName({ ...ref, stream: "err" }), "s/a#2.err");
});
