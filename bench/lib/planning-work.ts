// What `bench/planning.ts` runs in a process of its own, bundled as it ships.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compile, indexScripts } from "@aither/core";
import { readPlaybook } from "@aither/playbook";
import { createPlanner } from "../../daemon/src/playbooks/planner.ts";
import { largePlaybooks, playbooksMany, type Syntax, writeManyPlaybooks, writeScripts } from "./large-playbooks.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, cold: { type: "string" }, compile: { type: "boolean" } },
});
const rounds = Number(values.rounds);

if (values.cold !== undefined) await cold(values.cold);
else if (values.compile === true) firstCompile();
else await all();

async function all(): Promise<void> {
  console.log(`CPU ms, median (least) of ${rounds}; the first number of "compile" is the first call of a process\n`);
  for (const syntaxes of [["json"], ["yaml"], ["psd1"], ["json", "yaml", "psd1"]] as const) await listing(syntaxes);
  for (const [name, text] of Object.entries(largePlaybooks)) compiling(name, text);
}

/** What a process that has just begun needs for a workspace: its own numbers, as JSON. Nothing was run before. */
async function cold(workspace: string): Promise<void> {
  const planner = createPlanner({ userPlaybooks: join(workspace, "none") });
  const read = await both(async () => expectAll((await planner.listPlaybooks(workspace)).length));
  const everything = await planner.listPlaybooks(workspace);
  const planned = await both(async () => planAll(planner, workspace, everything));
  const texts = everything.map(({ path }) => JSON.stringify(readFileSync(path, "utf8")));
  const parsed = await both(() => texts.forEach((text) => void JSON.parse(text)));
  process.stdout.write(JSON.stringify({ read, planned, parsed }));
}

/** The first compilation of a process, and the least of those that follow. */
function firstCompile(): void {
  const [text = ""] = Object.values(largePlaybooks);
  const times = compileTimes(text, 15);
  const least = Math.min(...times.map(({ cpuMs }) => cpuMs));
  process.stdout.write(JSON.stringify({ first: times[0], least, parsed: parseTime(text) }));
}

function parseTime(text: string): number {
  const from = performance.now();
  JSON.parse(text);
  return performance.now() - from;
}

async function planAll(
  planner: ReturnType<typeof createPlanner>,
  workspace: string,
  playbooks: readonly { readonly path: string }[],
): Promise<void> {
  for (const { path } of playbooks) {
    const made = await planner.preview({ playbook: path, workspace, env: { PATH: "/usr/bin:/bin" } });
    if (!made.ok) throw new Error(`${path}: ${made.problem.detail}`);
  }
}

type Times = { readonly wallMs: number; readonly cpuMs: number; readonly mainMs: number };

async function both(work: () => Promise<void> | void): Promise<Times> {
  const [from, main] = [performance.now(), mainMs()];
  const cpu = await cpuMs(async () => work());
  return { wallMs: performance.now() - from, cpuMs: cpu, mainMs: mainMs() - main };
}

/** CPU time of the thread that runs our code: what the clock would show if nobody else wanted a core. Linux only. */
function mainMs(): number {
  const file = `/proc/self/task/${process.pid}/schedstat`;
  return existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[0]) / 1e6 : Number.NaN;
}

/** 1,000 playbooks of 50 stages: found and read for the first time, listed again, and all of them planned. */
async function listing(syntaxes: readonly Syntax[]): Promise<void> {
  const workspace = mkdtempSync(join(tmpdir(), "aither-bench-planning-"));
  try {
    writeManyPlaybooks(workspace, syntaxes);
    writeScripts(workspace);
    const [read, warm, planned]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round += 1) {
      const planner = createPlanner({ userPlaybooks: join(workspace, "none") });
      const list = async (): Promise<number> => (await planner.listPlaybooks(workspace)).length;
      read.push(await cpuMs(async () => expectAll(await list())));
      warm.push(await cpuMs(async () => expectAll(await list())));
      const everything = await planner.listPlaybooks(workspace);
      if (round === 0 || rounds > 3) {
        planned.push(await cpuMs(async () => planAll(planner, workspace, everything)));
      }
    }
    const what = `${playbooksMany} playbooks, ${syntaxes.join("+")}`;
    print(`${what}: read and listed, cold`, read);
    print(`${what}: listed again`, warm);
    print(`${what}: all planned`, planned);
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

function expectAll(count: number): void {
  if (count !== playbooksMany) throw new Error(`${count} playbooks were found`);
}

function compiling(name: string, text: string): void {
  const times = compileTimes(text, rounds).map((one) => one.cpuMs);
  print(`compile, ${name}`, times, times[0]);
}

function compileTimes(text: string, calls: number): Times[] {
  const read = readPlaybook(text, "large.json");
  if (!read.ok) throw new Error(read.findings[0]?.message);
  const scripts = indexScripts(
    Array.from({ length: 400 }, (_, index) => {
      const number = String(200 + index).padStart(4, "0");
      const path = `/workspace/automation-scripts/${number}_Do-It.sh`;
      const header = { stage: "Bench", description: "", dependencies: [], tags: [], condition: null };
      return { number, name: `${number}_Do-It`, path, ...header, allowParallel: null, parameters: [] };
    }),
  );
  const times: Times[] = [];
  for (let round = 0; round < calls; round += 1) {
    const [from, startedAt, main] = [process.cpuUsage(), performance.now(), mainMs()];
    const { plan } = compile({
      playbook: read.playbook,
      format: read.format,
      file: null,
      digest: "",
      workspace: "/workspace",
      scripts,
      request: { variables: {}, profile: null, assume: undefined, timeoutMs: null },
      around: { env: process.env as Record<string, string>, platform: process.platform },
      resolveFile: () => null,
      folder: () => "/workspace",
    });
    times.push({ wallMs: performance.now() - startedAt, cpuMs: since(from), mainMs: mainMs() - main });
    const legs = plan.stages.flatMap((stage) => stage.legs ?? []);
    const count = legs.reduce((sum, leg) => sum + leg.scripts.length, 0);
    if (count !== 5_000) throw new Error(`${count} scripts were compiled`);
  }
  return times;
}

async function cpuMs(work: () => Promise<void>): Promise<number> {
  const from = process.cpuUsage();
  await work();
  return since(from);
}

function since(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1_000;
}

function print(what: string, samples: readonly number[], first?: number): void {
  const sorted = samples.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const opening = first === undefined ? "" : `first ${first.toFixed(0)}, then `;
  console.log(`${what.padEnd(75)} ${opening}${median.toFixed(0)} (${(sorted[0] ?? Number.NaN).toFixed(0)})`);
}
