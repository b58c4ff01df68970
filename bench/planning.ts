// Measures how playbooks are found, read and compiled, in CPU time: what else the machine does counts for less so. The
// code is bundled first, as it ships: what runs the sources in development makes them slower.
//
//   node --import tsx bench/planning.ts              all
//   node --import tsx bench/planning.ts --rounds 3   a quick look
//   node --import tsx bench/planning.ts --bars-only  what the goals speak of
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { root } from "../scripts/lib/root.ts";
import { steadyShapes } from "../scripts/lib/steady-shapes.ts";
import { startDaemon } from "./lib/daemon.ts";
import { writeManyPlaybooks, writeScripts } from "./lib/large-playbooks.ts";
import { short, spread } from "./lib/statistics.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, "bars-only": { type: "boolean", default: false } },
});

const folder = mkdtempSync(join(tmpdir(), "aither-bench-planning-"));
try {
  const outfile = join(folder, "work.mjs");
  await build({
    entryPoints: [join(root, "bench", "lib", "planning-work.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "warning",
    plugins: [steadyShapes],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const env = { ...process.env };
  delete env["NODE_EXTRA_CA_CERTS"];
  bars(outfile, folder, env);
  if (!values["bars-only"]) {
    const argv = [outfile, "--rounds", values.rounds];
    const { status } = spawnSync(process.execPath, argv, { stdio: "inherit", env });
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
await commandLine();

type Times = { readonly wallMs: number; readonly cpuMs: number; readonly mainMs: number };

/**
 * What the goals speak of, each time in a process of its own that has run nothing before; in each round a bare Node has
 * its turn, and each process also parses the same bytes as JSON texts.
 */
function bars(work: string, workspace: string, env: NodeJS.ProcessEnv): void {
  writeManyPlaybooks(workspace, ["json", "yaml", "psd1"]);
  writeScripts(workspace);
  const run = (...argv: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr}`);
    return stdout;
  };
  const samples = new Map<string, number[]>();
  const note = (what: string, value: number): void => void samples.set(what, [...(samples.get(what) ?? []), value]);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const began = performance.now();
    run("-e", "0");
    note("node -e 0, wall ms", performance.now() - began);
    const { read, planned, parsed } = JSON.parse(run(work, "--cold", workspace)) as Record<string, Times>;
    note("1,000 mixed playbooks read, wall ms", read!.wallMs);
    note("… CPU ms", read!.cpuMs);
    note("… and planned, wall ms", planned!.wallMs);
    note("… and planned, CPU ms", planned!.cpuMs);
    note("read and planned, wall ms (goal 2000)", read!.wallMs + planned!.wallMs);
    note("… CPU ms of the main thread: the clock of a quiet machine", read!.mainMs + planned!.mainMs);
    note("… CPU ms of all threads", read!.cpuMs + planned!.cpuMs);
    note("read and planned / JSON.parse of the same bytes, CPU", (read!.cpuMs + planned!.cpuMs) / parsed!.cpuMs);
    const { first, least } = JSON.parse(run(work, "--compile")) as { first: Times; least: number };
    note("a plan of 5,000 scripts, first of a process, wall ms (goal 200)", first.wallMs);
    note("… CPU ms of the main thread", first.mainMs);
    note("… CPU ms, with the threads that optimize code and collect garbage", first.cpuMs);
    note("… least of the next 14, CPU ms", least);
  }
  for (const [what, sample] of samples) {
    const { p50, min, max } = spread(sample);
    console.log(`${what.padEnd(75)} ${short(p50)} (${short(min)} to ${short(max)})`);
  }
  console.log();
}

/** The command people type, against the built daemon: wall time, the first call cold. */
async function commandLine(): Promise<void> {
  const bench = await startDaemon();
  try {
    writeManyPlaybooks(bench.folder, ["json", "yaml", "psd1"]);
    const timed = (argv: readonly string[]): number => {
      const from = performance.now();
      const { status } = spawnSync(process.execPath, argv, { cwd: bench.folder, env: bench.env, stdio: "ignore" });
      if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}`);
      return performance.now() - from;
    };
    const list = [join(root, "bin", "aither"), "playbooks", "list"];
    const cold = timed(list);
    const rounds = Array.from({ length: 15 }, () => ({ list: timed(list), bare: timed(["-e", "0"]) }));
    const median = (of: "list" | "bare"): string =>
      (rounds.map((one) => one[of]).toSorted((a, b) => a - b)[7] ?? 0).toFixed(0);
    console.log(
      `aither playbooks list, 1000 playbooks, wall ms: first ${cold.toFixed(0)}, then ${median("list")}; node -e 0 ${median("bare")}`,
    );
  } finally {
    await bench.stop();
  }
}
