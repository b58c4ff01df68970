/**
 * T0: every state that a power cut can leave on disk, after every single operation of a daemon that accepts, runs and
 * ends a job. In each of them a new daemon must open, and know everything that anybody was told.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "@aither/protocol";
import type { RawFs } from "@aither/supervise";
import { ModelDisk, type CrashOptions } from "@aither/supervise/model";
import { stage } from "../integration/lib/lab.ts";
import { live, open, runJob } from "./lib/model-life.ts";

function plan(): Plan {
  return {
    name: "model",
    description: "",
    format: "v3-jobs",
    file: null,
    digest: "0".repeat(64),
    workspace: "/",
    profile: null,
    variables: {},
    maxConcurrency: null,
    failFast: false,
    timeoutMs: null,
    stages: [stage("a", [{}])],
    missing: [],
    unknown: [],
    notEnforced: [],
  };
}

/** The whole life of one job on a disk that remembers every operation. `tamper` takes a defence away. */
async function life(tamper: (fs: RawFs) => RawFs = (fs) => fs): Promise<ModelDisk> {
  const disk = new ModelDisk();
  const told = (what: string): void => disk.mark(what);
  const opened = await open(tamper(disk.fs));
  const first = await live(opened, told);
  await runJob(opened, first, plan(), told);
  await first.end();
  return disk;
}

/** What a new daemon on this disk does not know although it was told, or cannot read. */
async function lossesOf(disk: ModelDisk, marks: readonly string[]): Promise<string[]> {
  const losses: string[] = [];
  try {
    const { journal } = await open(disk.fs);
    const openJobs: string[] = [];
    for (const jobId of await journal.openJobs()) {
      if (await journal.recover(jobId, () => undefined)) openJobs.push(jobId);
    }
    for (const [jobId, why] of journal.setAside) losses.push(`${jobId} is set aside: ${why.message}`);
    for (const mark of marks) {
      const [what, jobId = "", seq = "1"] = mark.split(" ");
      const events = (await journal.load(jobId))?.events ?? [];
      if (events.length < Number(seq)) losses.push(`${what} ${jobId} ${seq}: ${events.length} events are left`);
      const ended = /Completed|Failed|Cancelled/.test(events.at(-1)?.type.replace(/^Script|^Stage.*/, "") ?? "");
      if (!ended && !openJobs.includes(jobId)) losses.push(`${jobId} is not gone on with`);
    }
    await journal.close();
  } catch (error) {
    losses.push(`a new daemon does not start: ${String(error)}`);
  }
  return losses;
}

type Survey = { states: number; losses: { after: string; why: string }[] };

/** `lossesMax`: so many are enough to know that it is broken. */
async function survey(disk: ModelDisk, options: CrashOptions, lossesMax = 5): Promise<Survey> {
  const result: Survey = { states: 0, losses: [] };
  for (const state of disk.crashStates(options)) {
    if (result.losses.length >= lossesMax) break;
    result.states += 1;
    for (const why of await lossesOf(state.disk, state.marks)) result.losses.push({ after: state.after, why });
  }
  return result;
}

for (const [how, options] of [
  ["names in order", {}],
  ["names in any order", { names: "unordered" }],
  ["writes in any order", { names: "unordered", writes: "reordered" }],
] as const) {
  test(`every crash state, ${how}: nothing that was told is lost, nothing is unreadable`, async (t) => {
    const disk = await life();
    const { states, losses } = await survey(disk, options);
    assert.deepEqual(losses.slice(0, 5), []);
    t.diagnostic(`${disk.history.length} operations, ${states} states`);
    assert.ok(states > 100, `${states}`);
  });
}

test("recovery itself may be cut short anywhere: the next one finds the same", async (t) => {
  const disk = await life();
  let states = 0;
  let at = 0;
  for (const state of disk.crashStates()) {
    // One in seven, but always the same ones: each has crash states of its own.
    if (at++ % 7 !== 0) continue;
    const opened = await open(state.disk.fs);
    const again = await live(opened, (what) => state.disk.mark(what));
    await again.end();
    for (const second of state.disk.crashStates()) {
      states += 1;
      const losses = await lossesOf(second.disk, [...state.marks, ...second.marks]);
      assert.deepEqual(losses, [], `${state.after}, then ${second.after}`);
    }
  }
  t.diagnostic(`${states} states`);
  assert.ok(states > 100, `${states}`);
});

/** Defences against power cuts, taken away: the survey must turn red. */
const planted: readonly [name: string, tamper: (fs: RawFs) => RawFs][] = [
  ["folders are not synced", (fs) => ({ ...fs, syncDir: async () => undefined })],
  [
    "files are not synced",
    (fs) => ({
      ...fs,
      open: async (path, how, mode) => {
        const file = await fs.open(path, how, mode);
        return { ...file, datasync: async () => undefined, sync: async () => undefined };
      },
    }),
  ],
];

for (const [name, tamper] of planted) {
  test(`planted: ${name}, and a loss is found`, async () => {
    const { losses } = await survey(await life(tamper), {}, 1);
    assert.ok(losses.length > 0);
  });
}
