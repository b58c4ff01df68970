// Measures what a long history costs: start-up, lists, look-ups and memory of a daemon with 100,000 finished jobs
// against one with none. The homes take turns, so that a busy minute hurts both.
//
//   node --import tsx bench/history.ts                          100,000 jobs, 9 rounds
//   node --import tsx bench/history.ts --jobs 5000 --rounds 3   a quick look
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { waitFor } from "../test/rig/wait.ts";
import { writeManyJobs } from "../test/rig/many-jobs.ts";
import { type Bench, makeFolder, startDaemon } from "./lib/daemon.ts";
import { residentMb } from "./lib/proc.ts";
import { finish, oneStage, start } from "./lib/jobs.ts";
import { short, spread } from "./lib/statistics.ts";

const { values } = parseArgs({
  options: { jobs: { type: "string", default: "100000" }, rounds: { type: "string", default: "9" } },
});
const count = Number(values.jobs);
const rounds = Number(values.rounds);
const samples = new Map<string, number[]>();

const [empty, full] = [makeFolder(), makeFolder()];
try {
  const middle = await fill(full);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, folder] of [
      ["empty", empty],
      ["full", full],
    ] as const) {
      const bench = await startDaemon(folder);
      note(`start-up, ${name}`, bench.startMs);
      note(`resident MB after the start, ${name}`, residentMb(bench.pid));
      await ask(bench, name, middle);
      note(`resident MB after the questions, ${name}`, residentMb(bench.pid));
      await bench.stop();
    }
  }
  for (const [name, sample] of samples) {
    const { p50, min, max } = spread(sample);
    console.log(`${name.padEnd(64)} ${short(p50).padStart(7)} (${short(min)} to ${short(max)})`);
  }
} finally {
  for (const folder of [empty, full]) rmSync(folder, { recursive: true, force: true });
}

/** One job that ran, and copies of it. */
async function fill(folder: string): Promise<string> {
  const bench = await startDaemon(folder);
  await finish(bench, await start(bench, oneStage([{ script: "echo found it" }], 1)));
  const state = join(folder, "home", ".orchestration-jobs");
  // Once it is no longer among the open ones, all that is derived from it is written.
  await waitFor("its place in the history", () => readdirSync(join(state, "active")).length === 0);
  await bench.stop();
  const began = performance.now();
  const entries = writeManyJobs({ state, count });
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${count} jobs written in ${seconds} s; each row: median (least to most), ms\n`);
  return entries[Math.floor(count / 2)]?.jobId ?? "";
}

async function ask({ api }: Bench, name: string, middle: string): Promise<void> {
  const timed = async (what: string, path: string): Promise<void> => {
    const from = performance.now();
    try {
      for await (const line of api.lines(path)) void line;
    } catch (error) {
      if (name === "full" || !String(error).includes("404")) throw error;
    }
    note(`${what}, ${name}`, performance.now() - from);
  };
  await timed("GET /api/health", "/api/health");
  await timed("newest 50, first time", "/api/jobs?limit=50");
  for (let time = 0; time < 5; time += 1) await timed("newest 50", "/api/jobs?limit=50");
  await timed("a job in the middle by number", `/api/jobs/${Math.floor(count / 2)}`);
  await timed("the oldest by number", "/api/jobs/1");
  await timed("by the beginning of its id", `/api/jobs/${middle.slice(0, 13)}`);
  await timed("by id", `/api/jobs/${middle}`);
  await timed("latest", "/api/jobs/latest");
  await timed("by a playbook's name", "/api/jobs/playbook-3");
  await timed("failed ones, newest 50", "/api/jobs?status=Failed&limit=50");
  await timed("failed ones with a text that few have", `/api/jobs?status=Failed&text=${middle.slice(0, 8)}`);
  await timed("a text that no job has", "/api/jobs?text=nowhere-to-be-found");
  await timed("search, one hit", "/api/search?q=found&max=1");
  await timed("how many jobs there are, first time", "/api/daemon");
}

function note(name: string, value: number): void {
  const known = samples.get(name);
  if (known === undefined) samples.set(name, [value]);
  else known.push(value);
}
