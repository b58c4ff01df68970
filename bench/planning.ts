// Measures how playbooks are found, read and compiled, in CPU time: what else the machine does counts for less so. The
// code is bundled first, as it ships: what runs the sources in development makes them slower.
//
//   node --import tsx bench/planning.ts              all
//   node --import tsx bench/planning.ts --rounds 3   a quick look
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../scripts/lib/root.ts";
import { startDaemon } from "./lib/daemon.ts";
import { writeManyPlaybooks } from "./lib/large-playbooks.ts";

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
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const env = { ...process.env };
  delete env["NODE_EXTRA_CA_CERTS"];
  const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: "inherit", env });
  if (status !== 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
await commandLine();

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
