// Measures the built daemon and command line against the machine they run on. Rounds are interleaved, so that a busy
// minute hurts everything alike: compare the ratios of one run, never the milliseconds of two.
//
//   npm run bench                       everything
//   npm run bench -- --rounds 3         a quick look
//   npm run bench -- --only "jobs list"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../scripts/lib/root.ts";
import { compileBaseline } from "./lib/baseline.ts";
import { startDaemon } from "./lib/daemon.ts";
import { idleMemory, isBuilt, measurements } from "./lib/measurements.ts";
import { report } from "./lib/report.ts";

const { values } = parseArgs({ options: { rounds: { type: "string" }, only: { type: "string" } } });
const roundsMax = values.rounds === undefined ? Number.POSITIVE_INFINITY : Number(values.rounds);
const chosen = measurements.filter((one) => values.only === undefined || one.name.includes(values.only));

if (!isBuilt()) {
  console.error("bench: build first: npm run build");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "aither-bench-tools-"));
const program = compileBaseline(folder);
if (program === null) process.exit(2);

const samples = new Map<string, number[]>();
const bench = await startDaemon();
try {
  const idleMb = await idleMemory(bench);
  const rounds = Math.min(roundsMax, Math.max(...chosen.map((one) => one.rounds)));
  for (let round = 0; round < rounds; round += 1) {
    for (const one of chosen.filter((candidate) => round < candidate.rounds)) {
      const measured = await one.run({ bench, program });
      samples.set(one.name, [...(samples.get(one.name) ?? []), ...measured]);
    }
    console.error(`bench: round ${round + 1} of ${rounds}`);
  }
  const { text, data } = report(chosen, samples, idleMb);
  mkdirSync(join(root, "bench", "results"), { recursive: true });
  writeFileSync(join(root, "bench", "results", `${Date.now()}.json`), `${JSON.stringify(data, null, 2)}\n`);
  console.log(text);
} finally {
  await bench.stop();
  rmSync(folder, { recursive: true, force: true });
}
