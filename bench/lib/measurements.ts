// What is measured, one function each. A function returns one sample for its round, or many.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "../../scripts/lib/root.ts";
import { wallMs } from "./api.ts";
import { spawnRate, timed } from "./baseline.ts";
import type { Bench } from "./daemon.ts";
import { events, finish, oneStage, start } from "./jobs.ts";
import { processesWith, proportionalMb, residentMb } from "./proc.ts";

export type Tools = { readonly bench: Bench; readonly program: string };

export type Measurement = {
  readonly name: string;
  readonly unit: string;
  readonly rounds: number;
  readonly run: (tools: Tools) => Promise<readonly number[]>;
};

const scriptsARound = 200;
const jobsAtOnce = 100;
const sleepers = 100;

/** Interleaved: each round runs all that still have rounds to go, in this order. */
export const measurements: readonly Measurement[] = [
  {
    name: "posix_spawn /bin/true, one at a time",
    unit: "/s",
    rounds: 15,
    run: async ({ program }) => [spawnRate(program, 300, 1)],
  },
  {
    name: "posix_spawn /bin/true, 16 in flight (R16)",
    unit: "/s",
    rounds: 15,
    run: async ({ program }) => [spawnRate(program, 600, 16)],
  },
  { name: "scripts started and ended, durable, 16 at once", unit: "/s", rounds: 15, run: throughput },
  { name: "control group made and removed", unit: "ms", rounds: 15, run: controlGroup },
  { name: "POST → durable ack", unit: "ms", rounds: 15, run: ack },
  { name: "script exit → published", unit: "ms", rounds: 15, run: exitToPublished },
  { name: "output → subscriber, idle", unit: "ms", rounds: 15, run: outputToSubscriber },
  { name: `${jobsAtOnce} jobs at once: event → subscriber`, unit: "ms", rounds: 3, run: manyJobs },
  { name: "aither jobs list, wall", unit: "ms", rounds: 21, run: async (tools) => [(await list(tools)).wallMs] },
  { name: "node -e 0, wall", unit: "ms", rounds: 21, run: async (tools) => [bare(tools).wallMs] },
  { name: "aither jobs list, CPU", unit: "ms", rounds: 21, run: async (tools) => [(await list(tools)).cpuMs] },
  { name: "node -e 0, CPU", unit: "ms", rounds: 21, run: async (tools) => [bare(tools).cpuMs] },
  { name: "PSS for each live script (ours)", unit: "MB", rounds: 3, run: pssOfWrappers },
];

async function throughput({ bench }: Tools): Promise<readonly number[]> {
  const steps = Array.from({ length: scriptsARound }, () => ({ script: ":" }));
  const seen = await finish(bench, await start(bench, oneStage(steps, 16)));
  const first = seen.find(({ event }) => event.type === "ScriptScheduled");
  const last = seen.findLast(({ event }) => event.type === "ScriptCompleted");
  if (first === undefined || last === undefined) throw new Error("the job ran nothing");
  const seconds = (Date.parse(last.event.time) - Date.parse(first.event.time)) / 1000;
  return [scriptsARound / seconds];
}

/** What each script costs more where it gets a control group: nothing else is added. No samples where there are none. */
async function controlGroup({ bench }: Tools): Promise<readonly number[]> {
  const { cgroup } = (await bench.api.call("GET", "/api/daemon")) as { cgroup?: { folder: string | null } };
  const folder = cgroup?.folder ?? null;
  if (folder === null) return [];
  return Array.from({ length: 100 }, (_, index) => {
    const dir = join(folder, `bench-${index}`);
    const from = performance.now();
    mkdirSync(dir);
    rmdirSync(dir);
    return performance.now() - from;
  });
}

async function ack({ bench }: Tools): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let index = 0; index < 10; index += 1) {
    const from = wallMs();
    const job = await start(bench, oneStage([{ script: ":" }], 1));
    samples.push(wallMs() - from);
    await finish(bench, job);
  }
  return samples;
}

/** The script's last act is to print the clock; from there to the moment its end is in a subscriber's hands. */
async function exitToPublished({ bench, program }: Tools): Promise<readonly number[]> {
  const steps = Array.from({ length: 10 }, () => ({ script: `sleep 0.05; exec ${program} stamp` }));
  const job = await start(bench, oneStage(steps, 1));
  const ends = (await finish(bench, job)).filter(({ event }) => event.type === "ScriptCompleted");
  const stamps = (await outputLines(bench, job)).map((line) => Number(line) / 1e6);
  return ends.map((end, index) => end.atMs - (stamps[index] ?? Number.NaN));
}

async function outputLines(bench: Bench, job: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of bench.api.lines(`/api/jobs/${job}/logs`)) {
    if (/^\d{19}$/.test(line.text)) lines.push(line.text);
  }
  return lines;
}

async function outputToSubscriber({ bench, program }: Tools): Promise<readonly number[]> {
  const job = await start(bench, oneStage([{ script: `sleep 0.2; exec ${program} ticks 20 60` }], 1));
  const samples: number[] = [];
  for await (const line of bench.api.lines(`/api/jobs/${job}/logs?follow=true`)) {
    if (/^\d{19}$/.test(line.text)) samples.push(line.atMs - Number(line.text) / 1e6);
  }
  return samples;
}

async function manyJobs({ bench }: Tools): Promise<readonly number[]> {
  const samples: number[] = [];
  const follow = async (job: number): Promise<void> => {
    const from = wallMs();
    for await (const { event, atMs } of events(bench, job)) {
      // What was there before this subscriber came was not late.
      const time = Date.parse(event.time);
      if (time > from) samples.push(atMs - time);
    }
  };
  const text = oneStage([{ script: "sleep 1" }, { script: "sleep 1" }, { script: "sleep 1" }], 1);
  const following: Promise<void>[] = [];
  for (let index = 0; index < jobsAtOnce; index += 1) following.push(follow(await start(bench, text)));
  await Promise.all(following);
  return samples;
}

/** What each script costs us while it runs: its wrapper, and its share of the spawner. The script itself is not ours. */
async function pssOfWrappers({ bench }: Tools): Promise<readonly number[]> {
  const mark = `${process.pid}.5`;
  const steps = Array.from({ length: sleepers }, () => ({ script: `exec sleep ${mark}` }));
  const job = await start(bench, oneStage(steps, sleepers));
  let running = 0;
  for await (const { event } of events(bench, job)) {
    if (event.type === "ScriptStarted") running += 1;
    if (running === sleepers) break;
  }
  await pause(500);
  const wrappers = new Set<number>();
  for (const { pid } of processesWith(mark).filter(({ argv }) => argv[0] === "sleep")) wrappers.add(parentOf(pid));
  const ours = [...wrappers].reduce((sum, pid) => sum + proportionalMb(pid), 0) + spawnersOf(bench.pid);
  await bench.api.call("POST", `/api/jobs/${job}/cancel`, { force: true });
  for await (const { event } of events(bench, job)) if (event.type === "OrchestrationCancelled") break;
  if (wrappers.size !== sleepers) throw new Error(`${wrappers.size} wrappers for ${sleepers} scripts`);
  return [ours / sleepers];
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function spawnersOf(daemon: number): number {
  const children = readFileSync(`/proc/${daemon}/task/${daemon}/children`, "utf8").trim().split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + proportionalMb(Number(child)), 0);
}

/** Resident memory of a daemon that has nothing to do. */
export async function idleMemory(bench: Bench): Promise<number> {
  await pause(5_000);
  return residentMb(bench.pid);
}

/** On a warm daemon: what the measurement before it left to do is done, and the list was asked for once. */
async function list({ bench, program }: Tools): Promise<{ wallMs: number; cpuMs: number }> {
  await pause(500);
  await bench.api.call("GET", "/api/jobs");
  return timed(program, [process.execPath, join(root, "bin", "aither"), "jobs", "list"], bench.env);
}

function bare({ bench, program }: Tools): { wallMs: number; cpuMs: number } {
  return timed(program, [process.execPath, "-e", "0"], bench.env);
}

/** True when the bundles are there. */
export function isBuilt(): boolean {
  return (
    existsSync(join(root, "dist", "daemon", "main.js")) && readdirSync(join(root, "dist", "cli")).includes("main.cjs")
  );
}
