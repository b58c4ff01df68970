/** Runs batches in a thread of its own, so that one that hangs can be ended from outside. */
import { inspect } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import fc from "fast-check";
import { targets } from "../targets/index.ts";
import { plantedTargets } from "../targets/planted.ts";
import { forbidWrites } from "./no-writes.ts";
import { BEAT, RUN, SLOW_MS, type Batch, type Failure, type Report } from "./protocol.ts";
import type { Target } from "./target.ts";

const shared = new Int32Array(workerData as SharedArrayBuffer);

forbidWrites();
parentPort?.on("message", (batch: Batch) => {
  void run(batch).then(
    (report) => parentPort?.postMessage(report),
    (error: unknown) => parentPort?.postMessage(broken(batch, error)),
  );
});
parentPort?.postMessage("ready");

async function run(batch: Batch): Promise<Report> {
  const target = [...targets, ...plantedTargets].find(({ name }) => name === batch.name);
  if (target === undefined) throw new Error(`there is no row ${batch.name}`);
  const startedAt = performance.now();
  let runs = 0;
  const property = fc.asyncProperty(target.arbitrary, async (input) => {
    Atomics.store(shared, RUN, runs);
    Atomics.add(shared, BEAT, 1);
    runs += 1;
    await timed(target, input);
  });
  const result = await fc.check(property, {
    seed: batch.seed,
    numRuns: batch.runs,
    interruptAfterTimeLimit: 10 * 60_000,
  });
  const ms = performance.now() - startedAt;
  if (!result.failed) return { batch, ms, runs, failure: null };
  const failure: Failure = {
    batch,
    run: result.numRuns - 1,
    input: shown(result.counterexample?.[0]),
    reason: reasonOf(result.errorInstance),
  };
  return { batch, ms, runs: result.numRuns, failure };
}

/** Counted is what the processor did (for the whole process): a loaded machine makes any call last. */
async function timed(target: Target, input: unknown): Promise<void> {
  const first = await elapsed(target, input);
  if (first < SLOW_MS) return;
  const second = await elapsed(target, input);
  if (second >= SLOW_MS) throw new Error(`it takes ${Math.round(Math.min(first, second))} ms`);
}

async function elapsed({ property }: Target, input: unknown): Promise<number> {
  const before = process.cpuUsage();
  await property(input as never);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function shown(input: unknown): string {
  const text = inspect(input, { depth: 12, maxStringLength: 2_000, breakLength: 120 });
  return text.length > 6_000 ? `${text.slice(0, 6_000)} …` : text;
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  return text.split("\n").slice(0, 25).join("\n").slice(0, 4_000);
}

function broken(batch: Batch, error: unknown): Report {
  const failure: Failure = { batch, run: -1, input: "-", reason: reasonOf(error) };
  return { batch, ms: 0, runs: 0, failure };
}
