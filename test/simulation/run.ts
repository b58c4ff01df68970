import { parseArgs } from "node:util";
import { simulate, type Result } from "./simulate.ts";

/** `npm run test:sim -- --seeds 100000`, or `-- --seed 2128 --trace` to see one run step by step. */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});

process.exitCode = await (values.seed === undefined ? runMany() : runOne(Number(values.seed)));

async function runOne(seed: number): Promise<number> {
  const result = await simulate(seed, values.trace ? { trace: (line) => console.log(line) } : {});
  report(result);
  return result.violations.length > 0 ? 1 : 0;
}

async function runMany(): Promise<number> {
  const from = Number(values.from);
  const count = Number(values.seeds);
  const total = { failed: 0, lives: 0, processes: 0, events: 0 };
  const startedAt = performance.now();
  for (let seed = from; seed < from + count; seed++) {
    const result = await simulate(seed);
    total.lives += result.lives;
    total.processes += result.processes;
    total.events += result.events;
    if (result.violations.length === 0) continue;
    total.failed++;
    report(result);
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(
    `${count} seeds, ${total.failed} failed; ${total.lives} lives of the daemon, ${total.processes} processes, ${total.events} events; ${seconds} s`,
  );
  return total.failed > 0 ? 1 : 0;
}

function report(result: Result): void {
  if (result.violations.length === 0) return;
  console.log(`npm run test:sim -- --seed ${result.seed} --trace`);
  for (const { checker, message } of result.violations.slice(0, 5)) {
    console.log(`  ${checker}: ${message.split("\n").slice(0, 6).join("\n    ")}`);
  }
}
