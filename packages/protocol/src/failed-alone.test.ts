import assert from "node:assert/strict";
import { test } from "node:test";
import { failedAlone } from "./failed-alone.ts";
import type { StageView } from "./job.ts";

type Script = StageView["legs"][number]["scripts"][number];

/** A stage that failed, with one script of this status or with none. */
function stage(id: string, status: Script["status"] | null, more: Partial<StageView> = {}): StageView {
  const times = { startedAt: null, endedAt: null };
  const script = { key: id, name: id, number: null, kind: "sh", reason: "", exitCode: null, ...times } as const;
  const scripts =
    status === null ? [] : [{ ...script, status, continueOnError: id === "lax", outputs: {}, attempts: [] }];
  const legs = status === null ? [] : [{ name: "", matrix: {}, status: "Failed" as const, scripts }];
  return { id, name: id, needs: [], status: "Failed", reason: "", continueOnError: false, legs, ...times, ...more };
}

const alone = (...stages: StageView[]): string[] => failedAlone({ stages }).map(({ id }) => id);

test("who failed alone: nothing that counts failed of its scripts, nor of the stages it calls", () => {
  assert.deepEqual(alone(stage("script", "Failed"), stage("matrix", null), stage("late", "Skipped")), [
    "matrix",
    "late",
  ]);
  assert.deepEqual(alone(stage("fine", null, { status: "Completed" }), stage("lax", "Failed")), ["lax"]);
  // A caller of what failed names nothing new, however deep it is; one whose part is tolerated does.
  const inner = { within: "caller" };
  assert.deepEqual(alone(stage("caller", null), stage("part", "Failed", inner)), []);
  assert.deepEqual(alone(stage("caller", null), stage("part", null, inner)), ["part"]);
  assert.deepEqual(alone(stage("caller", null), stage("part", "Failed", { ...inner, continueOnError: true })), [
    "caller",
  ]);
});
