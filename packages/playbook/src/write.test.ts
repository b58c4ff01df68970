import assert from "node:assert/strict";
import { test } from "node:test";
import { readPlaybook } from "./read.ts";
import { writePlaybook } from "./write.ts";

test("a word that means nothing where it stands means nothing when converted, whatever v3 calls so", () => {
  const words =
    "order needs after if condition when matrix strategy failFast fail-fast parallel env environment variables parameters timeout timeoutMinutes retries retryCount retryDelay backoff outputs uses with steps scripts sequence sequences run file playbook jobs stages hooks artifacts defaults profiles includeStages inputs secrets concurrency undoOnFailure successCriteria continue-on-error working-directory shell cache undo id pty stdin".split(
      " ",
    );
  const places: ((more: object) => object)[] = [
    (more) => ({ metadata: { name: "x" }, orchestration: { stages: [{ name: "s", sequences: ["1"] }] }, ...more }),
    (more) => ({ metadata: { name: "x" }, orchestration: { ...more, stages: [{ name: "s", sequences: ["1"] }] } }),
    (more) => ({ metadata: { name: "x" }, orchestration: { stages: [{ ...more, name: "s", sequences: ["1"] }] } }),
    (more) => ({ name: "x", sequence: [{ ...more, script: "1" }] }),
    (more) => ({ name: "x", sequence: ["1"], parameters: { p: more } }),
  ];
  let count = 0;
  for (const place of places) {
    for (const word of words.flatMap((one) => [one, one[0]!.toUpperCase() + one.slice(1)])) {
      for (const value of [true, "2", ["2"], { a: 1 }, [{ run: "2" }]]) {
        const text = JSON.stringify(place({ [word]: value }));
        const read = readPlaybook(text, "x.json");
        if (!read.ok) continue;
        const again = readPlaybook(writePlaybook(read.playbook, "json"), "x.json");
        assert.ok(again.ok, text);
        assert.deepEqual({ ...again.playbook, apiVersion: "" }, { ...read.playbook, apiVersion: "" }, text);
        count += 1;
      }
    }
  }
  assert.ok(count > 1_000, String(count));
});
