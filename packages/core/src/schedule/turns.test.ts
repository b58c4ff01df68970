import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobState } from "../job/state.ts";
import { planOf } from "../testing/plans.ts";
import { World } from "../testing/world.ts";
import { turns } from "./turns.ts";

type Given = { group?: string; newest?: boolean; priority?: number; startAtMs?: number; runs?: boolean };

const nowMs = 1_700_000_000_000;
const now = { wallMs: nowMs, monotonicMs: 5_000, bootId: "boot-1" };

function job(number: number, given: Given = {}): JobState {
  const { group = "deploy", newest = false, priority = 0, startAtMs, runs = false } = given;
  const plan = planOf([{ id: "s" }], { concurrency: { group, cancelInProgress: newest } });
  const options = { useCache: false, generateSummary: false, priority, ...(startAtMs !== undefined && { startAtMs }) };
  const world = new World(plan, { start: { number, options } });
  if (runs) world.give({ is: "turn-granted", jobId: world.state.id });
  return { ...world.state, id: `job-${number}` };
}

test("whose turn it is", () => {
  const cases: { name: string; jobs: JobState[]; granted?: string[]; superseded?: [string, number][] }[] = [
    { name: "the lower number first", jobs: [job(2), job(1)], granted: ["job-1"] },
    { name: "a higher priority before it", jobs: [job(1), job(2, { priority: 1 })], granted: ["job-2"] },
    { name: "nobody while one runs", jobs: [job(1, { runs: true }), job(2)] },
    {
      name: "each group for itself, whatever its case",
      jobs: [job(1), job(2, { group: "other" }), job(3, { group: "DEPLOY" })],
      granted: ["job-1", "job-2"],
    },
    {
      name: "whose hour has not come keeps nobody waiting",
      jobs: [job(1, { startAtMs: nowMs + 1 }), job(2)],
      granted: ["job-2"],
    },
    { name: "whose hour has come", jobs: [job(1, { startAtMs: nowMs })], granted: ["job-1"] },
    {
      name: "a newer one takes the place of all that are older, and waits until they have ended",
      jobs: [job(1, { runs: true }), job(2), job(3, { newest: true }), job(4)],
      superseded: [
        ["job-1", 3],
        ["job-2", 3],
      ],
    },
    {
      name: "a newer one that is due later takes no place yet",
      jobs: [job(1, { runs: true }), job(2, { newest: true, startAtMs: nowMs + 1 })],
    },
  ];
  for (const { name, jobs, granted = [], superseded = [] } of cases) {
    const found = turns(jobs, now);
    assert.deepEqual(found.granted, granted, name);
    assert.deepEqual(
      found.superseded.map((one) => [one.jobId, one.by]),
      superseded,
      name,
    );
  }
});

test("a job that is being cancelled is cancelled once, and keeps its place until it has ended", () => {
  const world = new World(planOf([{ id: "s" }], { concurrency: { group: "deploy", cancelInProgress: false } }));
  world.give({ is: "turn-granted", jobId: world.state.id });
  world.started("s/only");
  world.do("cancel");
  const next = job(43, { newest: true });
  assert.deepEqual(turns([world.state, next], now), { granted: [], superseded: [] });
  world.exit("s/only", 143);
  assert.equal(world.state.status, "Cancelled");
  assert.deepEqual(turns([world.state, next], now).granted, ["job-43"]);
});

test("a job leaves the queue by a turn alone, and only once its hour has come", () => {
  const start = { options: { useCache: false, generateSummary: false, priority: 0, startAtMs: nowMs + 60_000 } };
  const world = new World(planOf([{ id: "s" }], { concurrency: { group: "g", cancelInProgress: false } }), { start });
  assert.deepEqual(world.effects(), [
    { is: "timer", jobId: world.state.id, timer: "start", at: { clock: "wall", atMs: nowMs + 60_000 } },
  ]);
  assert.deepEqual(world.give({ is: "turn-granted", jobId: world.state.id }), []);
  assert.deepEqual(world.pass(60_000), []);
  assert.equal(world.state.status, "Queued");
  assert.deepEqual(world.give({ is: "turn-granted", jobId: world.state.id }).slice(0, 2), [
    "OrchestrationStarted",
    "StageStarted",
  ]);
});

test("what is cancelled in the queue runs nothing, not even what always runs", () => {
  const start = { options: { useCache: false, generateSummary: false, priority: 0, startAtMs: nowMs + 60_000 } };
  const world = new World(planOf([{ id: "s", condition: "always()" }]), { start });
  world.do("cancel");
  assert.equal(world.state.status, "Cancelled");
  assert.deepEqual(world.all("ScriptScheduled"), []);
});
