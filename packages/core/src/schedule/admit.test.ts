import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../testing/plans.ts";
import { World } from "../testing/world.ts";
import type { JobState } from "../job/state.ts";
import { admit } from "./admit.ts";

/** A job that wants `scripts` slots at once and holds `held`. */
function job(given: { number: number; scripts: number; priority?: number; held?: number }): JobState {
  const names = Array.from({ length: given.scripts }, (_, at) => `x${at}`);
  const world = new World(planOf([{ id: "s", parallel: 500, scripts: names }]), {
    slots: given.held ?? 0,
    start: {
      number: given.number,
      options: { useCache: false, generateSummary: false, priority: given.priority ?? 0 },
    },
  });
  return { ...world.state, id: `job-${given.number}` };
}

const now = { wallMs: 1_700_000_000_000, monotonicMs: 0, bootId: "b" };

function granted(jobs: JobState[], slots: number): string[] {
  return admit(jobs, { slots }, now).map(({ jobId, script }) => `${jobId.slice(4)}:${script.slice(2)}`);
}

test("who gets the free slots", () => {
  const cases: { name: string; jobs: JobState[]; slots: number; gets: string[] }[] = [
    { name: "nobody wants any", jobs: [job({ number: 1, scripts: 0 })], slots: 4, gets: [] },
    {
      name: "one job takes them in written order",
      jobs: [job({ number: 1, scripts: 3 })],
      slots: 2,
      gets: ["1:x0", "1:x1"],
    },
    {
      name: "jobs take turns, the lower number first",
      jobs: [job({ number: 2, scripts: 9 }), job({ number: 1, scripts: 9 })],
      slots: 4,
      gets: ["1:x0", "2:x0", "1:x1", "2:x1"],
    },
    {
      name: "who holds fewer comes first",
      jobs: [job({ number: 1, scripts: 9, held: 2 }), job({ number: 2, scripts: 9 })],
      slots: 5,
      gets: ["2:x0", "2:x1", "1:x2"],
    },
    {
      name: "a higher priority comes before all that",
      jobs: [job({ number: 1, scripts: 2 }), job({ number: 2, scripts: 2, priority: 5 })],
      slots: 3,
      gets: ["2:x0", "2:x1", "1:x0"],
    },
    {
      name: "slots that are taken are not given",
      jobs: [job({ number: 1, scripts: 9, held: 3 })],
      slots: 3,
      gets: [],
    },
  ];
  for (const { name, jobs, slots, gets } of cases) assert.deepEqual(granted(jobs, slots), gets, name);
});

test("no slot stays free while somebody wants it, over many jobs", () => {
  const jobs = Array.from({ length: 300 }, (_, at) => job({ number: at + 1, scripts: at % 4 }));
  const wanted = jobs.reduce((sum, state) => sum + state.counts.pending, 0);
  assert.equal(granted(jobs, 10_000).length, wanted);
  assert.equal(new Set(granted(jobs, 10_000)).size, wanted);
  const few = granted(jobs, 100);
  assert.equal(new Set(few.map((text) => text.split(":")[0])).size, 100, "each to another job");
});

test("jobs of a pool share its slots, in the same order; one that no setting names has a single slot", () => {
  const pooled = (number: number, pool: string, priority = 0, held = 0): JobState => {
    const state = job({ number, scripts: 5, priority, held });
    return { ...state, options: { ...state.options, pool } };
  };
  const given = (jobs: JobState[], pools: Record<string, number>): string[] =>
    admit(jobs, { slots: 100, pools }, now).map(({ jobId, script }) => `${jobId.slice(4)}:${script.slice(2)}`);
  assert.deepEqual(given([pooled(1, "gpu"), pooled(2, "gpu")], { gpu: 3 }), ["1:x0", "2:x0", "1:x1"]);
  assert.deepEqual(given([pooled(1, "gpu"), pooled(2, "gpu", 1)], { gpu: 2 }), ["2:x0", "2:x1"]);
  assert.deepEqual(given([pooled(1, "gpu", 0, 2), pooled(2, "gpu")], { gpu: 2 }), [], "what runs counts");
  assert.deepEqual(given([pooled(1, "gone"), job({ number: 2, scripts: 2 })], {}), ["1:x0", "2:x0", "2:x1"]);
});
