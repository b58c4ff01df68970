// Measures `aither search` over a gigabyte of output of many jobs against `grep` and `cat` over the same files in the same
// round. CPU time counts: what else the machine does counts for less so. Compare the ratios of one run.
//
//   node --import tsx bench/search.ts                  1,000 MB, five rounds
//   node --import tsx bench/search.ts --mb 200 --rounds 1
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wallMs } from "./lib/api.ts";
import { startDaemon, type Bench } from "./lib/daemon.ts";
import { finish, oneStage, start } from "./lib/jobs.ts";
import { cpuMs, residentMb } from "./lib/proc.ts";
import { short, spread } from "./lib/statistics.ts";

const { values } = parseArgs({ options: { mb: { type: "string" }, rounds: { type: "string" } } });
const JOBS = 40;
const megabytes = Number(values.mb ?? 1_000);
const rounds = Number(values.rounds ?? 5);

type Query = { readonly name: string; readonly api: string; readonly grep: readonly string[] };

/** A seventh of the lines says `warning`, one line in each file says `needle`. */
const queries: readonly Query[] = [
  { name: "text, nowhere", api: "q=haystack", grep: ["-F", "haystack"] },
  { name: "text, once in each log", api: "q=the%20needle", grep: ["-F", "the needle"] },
  { name: "text, every 70th line", api: "q=warning%209", grep: ["-F", "warning 9"] },
  { name: "text in either case, once in each log", api: "q=THE%20needle&case=false", grep: ["-Fi", "THE needle"] },
  { name: "regex with a word, once in each log", api: "q=the%20n%5Ba-z%5D%2Be&re=true", grep: ["-E", "the n[a-z]+e"] },
  { name: "regex without a word, once in each log", api: "q=%5Bm-n%5De%7B2%7Dd&re=true", grep: ["-E", "[m-n]e{2}d"] },
];

type Sample = { readonly cpu: number; readonly wall: number; readonly first: number; readonly hits: number };

const bench = await startDaemon();
try {
  const files = await fill(bench);
  const samples = new Map<string, Sample[]>();
  const note = (name: string, sample: Sample): void => void samples.set(name, [...(samples.get(name) ?? []), sample]);
  const before = residentMb(bench.pid);
  let most = before;
  const watching = setInterval(() => (most = Math.max(most, residentMb(bench.pid))), 20);
  for (let round = 0; round < rounds; round += 1) {
    note("cat", command(["cat", ...files]));
    for (const { name, api, grep } of queries) {
      const found = await search(bench, api);
      const theirs = command(["grep", ...grep, "-h", ...files]);
      if (found.hits !== theirs.hits) throw new Error(`${name}: ${found.hits} lines, and grep has ${theirs.hits}`);
      note(name, found);
      note(`grep ${name}`, theirs);
    }
    console.error(`bench: round ${round + 1} of ${rounds}`);
  }
  clearInterval(watching);
  print(samples);
  console.log(`\ndaemon, resident: ${short(before)} MB before, ${short(most)} MB at most while it searched`);
} finally {
  await bench.stop();
}

function print(samples: ReadonlyMap<string, readonly Sample[]>): void {
  const of = (name: string, what: keyof Sample): string => {
    const { p50, min, max } = spread((samples.get(name) ?? []).map((one) => one[what]));
    return `${short(p50)} (${short(min)}–${short(max)})`;
  };
  const middle = (name: string, what: keyof Sample): number =>
    spread((samples.get(name) ?? []).map((one) => one[what])).p50;
  console.log(`${megabytes} MB in ${JOBS} jobs, ${rounds} rounds; medians (least–most), ms\n`);
  console.log("| search for | lines | first line | all | CPU | CPU of `grep` | CPU ratio | wall ratio |");
  console.log("|---|---|---|---|---|---|---|---|");
  for (const { name } of queries) {
    const ratio = (what: "cpu" | "wall"): string => short(middle(name, what) / middle(`grep ${name}`, what));
    const cells = [of(name, "first"), of(name, "wall"), of(name, "cpu"), of(`grep ${name}`, "cpu")];
    console.log(`| ${[name, middle(name, "hits"), ...cells, ratio("cpu"), ratio("wall")].join(" | ")} |`);
  }
  console.log(`\n\`cat\` of the same files: ${of("cat", "cpu")} CPU, ${of("cat", "wall")} wall`);
}

/** Jobs whose logs hold so many megabytes together; returns where those lie. */
async function fill({ folder }: Bench): Promise<readonly string[]> {
  const bytes = Math.floor((megabytes * 1e6) / JOBS);
  const lines: string[] = [];
  for (let size = 0, at = 0; size < bytes; at += 1) {
    const word = at % 7 === 0 ? `warning ${at % 10}` : "compiled";
    const line = `2026-11-29T01:02:03.${String(at % 1000).padStart(3, "0")}Z module-${at % 977} ${word} src/part/${at}.ts in ${at % 89} ms, 0 errors so far`;
    lines.push(line);
    size += line.length + 1;
  }
  lines[Math.floor(lines.length / 2)] = "here is the needle of this log";
  const path = join(folder, "template");
  writeFileSync(path, `${lines.join("\n")}\n`);
  for (let job = 0; job < JOBS; job += 1) {
    await finish(bench, await start(bench, oneStage([{ script: `cat '${path}'` }], 1)));
  }
  const jobs = [join(folder, "home", ".orchestration-jobs", "jobs"), join(folder, "home", "jobs")].find(existsSync);
  if (jobs === undefined) throw new Error("no jobs where they should be");
  const names = readdirSync(jobs, { recursive: true }).map(String);
  return names.filter((name) => name.endsWith(".log")).map((name) => join(jobs, name));
}

async function search({ api, pid }: Bench, query: string): Promise<Sample> {
  const [cpu, from] = [cpuMs(pid), wallMs()];
  let first = Number.NaN;
  let hits = 0;
  for await (const { text, atMs } of api.lines(`/api/search?${query}`)) {
    if (text.startsWith('{"problem"')) throw new Error(text);
    if (hits === 0) first = atMs - from;
    hits += 1;
  }
  return { cpu: cpuMs(pid) - cpu, wall: wallMs() - from, first, hits };
}

/** CPU time of a command and its answer's lines; a shell counts both, and it begins in no time. */
function command(argv: readonly string[]): Sample {
  const from = wallMs();
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C.UTF-8" };
  const { stdout } = spawnSync("sh", ["-c", '"$@" | wc -l; times', "sh", ...argv], { env, encoding: "utf8" });
  const wall = wallMs() - from;
  const all = stdout.trim().split("\n");
  const [, user = "0", , system = "0"] =
    /^(?:(\d+)m([\d.]+)s) (?:(\d+)m([\d.]+)s)$/.exec(all.at(-1) ?? "")?.slice(1) ?? [];
  return { cpu: (Number(user) + Number(system)) * 1_000, wall, first: Number.NaN, hits: Number(all[0]) };
}
