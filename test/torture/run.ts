/**
 * The long run: kill loops until the bar is passed.
 *
 *   npm run test:torture                                        10,000 scripts, 500 daemons killed
 *   npm run test:torture -- --scripts 2000 --kills 100          until both are reached
 *   npm run test:torture -- --minutes 10                        at most so long
 *   npm run test:torture -- --level t3 --seed 4711 --runs 1     the choices of one run again
 *   npm run test:torture -- --level t6 --seed 4711              any other level is its test file, with this seed
 *
 * It stops at the first violation. Its last line says what was counted, whether the bar was passed, and the first seed.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { killLevels, type KillLevel } from "./lib/levels.ts";
import { torture, type Result } from "./lib/scenario.ts";
import { replay, seedFor } from "./lib/seed.ts";

const options = {
  seed: { type: "string" },
  level: { type: "string" },
  runs: { type: "string" },
  scripts: { type: "string", default: "10000" },
  kills: { type: "string", default: "500" },
  minutes: { type: "string", default: "120" },
  jobs: { type: "string", default: "25" },
  /** So many homes are tortured at once, each by a seed of its own. */
  beside: { type: "string", default: "1" },
  /** How long one stop in ten of the daemon lasts, in ms: longer than any of its own patience. */
  "stop-ms": { type: "string", default: "30000" },
} as const;

const { values } = parseArgs({ options });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const wanted = {
  runs: values.runs === undefined ? Infinity : number(values.runs),
  scripts: values.runs === undefined ? number(values.scripts) : 0,
  kills: values.runs === undefined ? number(values.kills) : 0,
  untilMs: performance.now() + number(values.minutes) * 60_000,
};
if (values.level !== undefined && !(values.level in killLevels)) process.exit(runFile(values.level));
const levels = values.level === undefined ? (Object.keys(killLevels) as KillLevel[]) : [level(values.level)];
const firstSeed = seedFor(values.level ?? "t2", values.seed);
const total = { runs: 0, scripts: 0, jobs: 0, daemons: 0, others: 0, violations: 0 };
let begun = 0;
let isAskedToStop = false;
process.once("SIGINT", () => {
  isAskedToStop = true;
  say("stops when the runs under way are over; again to leave at once");
});

await Promise.all(Array.from({ length: number(values.beside) }, oneAfterAnother));

const passed = total.violations === 0 && total.scripts >= wanted.scripts && total.daemons >= wanted.kills;
say(
  [
    `${total.runs} runs, ${total.jobs} jobs, ${total.scripts} scripts, ${total.daemons} daemons killed, ${total.others} others killed or stopped`,
    `${total.violations} violations, first seed ${firstSeed}, ${passed ? "the bar is passed" : "the bar is not passed"}`,
  ].join(", "),
);
process.exit(passed ? 0 : 1);

async function oneAfterAnother(): Promise<void> {
  while (!isEnough()) {
    const at = begun++;
    const name = levels[at % levels.length] ?? "t2";
    const seed = firstSeed + Math.floor(at / levels.length);
    await tortureOnce(name, seed);
  }
}

async function tortureOnce(name: KillLevel, seed: number): Promise<void> {
  const shape = { ...killLevels[name].shape, jobs: number(values.jobs) };
  const result = await torture({ ...killLevels[name], seed, shape, stopMsLong: number(values["stop-ms"]) }).catch(
    (error: unknown) => unfinished(seed, error),
  );
  count(result);
  say(line(name, result));
}

/** A run that does not come to its end has broken a promise, too: which job, and what the daemon said, is in the error. */
function unfinished(seed: number, error: unknown): Result {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { seed, violations: [{ checker: "comes to its end", message }], scripts: 0, jobs: 0, kills: {}, seconds: 0 };
}

/** A level that is no kill loop: its file, with this seed; the exit code. */
function runFile(name: string): number {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const file = readdirSync(folder).find((found) => found.startsWith(`${name}-`) && found.endsWith(".test.ts"));
  if (file === undefined) throw new Error(`there is no level ${name}`);
  const seed = values.seed === undefined ? {} : { AITHER_TORTURE_SEED: values.seed };
  const argv = ["--import", "tsx", "--test", `${folder}${file}`];
  return spawnSync(process.execPath, argv, { stdio: "inherit", env: { ...process.env, ...seed } }).status ?? 1;
}

function isEnough(): boolean {
  if (isAskedToStop || total.violations > 0 || begun >= wanted.runs || performance.now() > wanted.untilMs) return true;
  return Number.isFinite(wanted.runs) ? false : total.scripts >= wanted.scripts && total.daemons >= wanted.kills;
}

function count({ scripts, jobs, kills, violations }: Result): void {
  total.runs += 1;
  total.scripts += scripts;
  total.jobs += jobs;
  for (const [victim, times] of Object.entries(kills)) total[victim === "daemon" ? "daemons" : "others"] += times;
  total.violations += violations.length;
}

function line(name: KillLevel, { seed, scripts, kills, seconds, violations }: Result): string {
  const told = `${name} seed ${seed}: ${scripts} scripts, ${JSON.stringify(kills)}, ${seconds.toFixed(0)} s`;
  if (violations.length === 0) return `${told}, 0 violations`;
  const lines = violations.map(({ checker, message }) => `  ${checker}: ${message}`);
  const again = replay(name, seed, values.jobs === options.jobs.default ? [] : ["--jobs", values.jobs]);
  return [`${told}, ${violations.length} violations`, again, ...lines].join("\n");
}

function level(text: string): KillLevel {
  const name = Object.keys(killLevels).find((known) => known === text);
  if (name === undefined) throw new Error(`there is no level ${text}; there is ${Object.keys(killLevels).join(", ")}`);
  return name as KillLevel;
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`not a number: ${text}`);
  return value;
}
