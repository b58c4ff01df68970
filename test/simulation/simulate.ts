import { hasEnded } from "@aither/core";
import { checkers } from "./checkers/index.ts";
import type { Happened } from "./history.ts";
import { Prng } from "./prng.ts";
import { readTruth, type Truth } from "./truth.ts";
import { World, type Tamper } from "./world.ts";

/** Virtual time in which everything must have come to its end once nothing goes wrong any more. */
const calmMsMax = 48 * 3_600_000;
const calmStepsMax = 60_000;
const thrownMax = 5;

export type Violation = { readonly checker: string; readonly message: string };

export type Result = {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly steps: number;
  readonly lives: number;
  readonly processes: number;
  readonly events: number;
  readonly history: readonly Happened[];
};

/** Runs one seed: a stormy half, a calm half, then every checker. */
export async function simulate(
  seed: number,
  options: { trace?: (line: string) => void; tamper?: Tamper } = {},
): Promise<Result> {
  const world = new World({
    seed,
    trace: options.trace ?? null,
    tamper: options.tamper ?? ((engineOptions) => engineOptions),
  });
  const stormSteps = new Prng(seed + 1).int(50, 500);
  let steps = 0;
  while (steps < stormSteps && !isHopeless(world) && (await step(world, { storm: true }))) steps++;
  world.calmDown();
  await settle();
  const stuck = await runToRest(world);
  const truth = readTruth(world);
  const violations: Violation[] = [
    ...[...stuck, ...withoutEnd(truth)].map((message) => ({ checker: "everything-ends", message })),
    ...world.thrown.map((message) => ({ checker: "nothing-is-thrown", message })),
  ];
  for (const { name, find } of checkers) {
    for (const message of find(truth)) violations.push({ checker: name, message });
  }
  return {
    seed,
    violations,
    steps,
    lives: world.history.of("booted").length,
    processes: world.history.of("process-started").length,
    events: world.history.of("durable").length,
    history: world.history.all,
  };
}

/** A daemon that trips over the same bug in every life has shown enough. */
function isHopeless(world: World): boolean {
  return world.thrown.length >= thrownMax;
}

/** The calm half. Gives back what did not come to its end. */
async function runToRest(world: World): Promise<string[]> {
  const endMs = world.schedule.nowMs + calmMsMax;
  for (let steps = 0; !world.atRest && !isHopeless(world); steps++) {
    const why =
      steps > calmStepsMax
        ? `after ${calmStepsMax} steps`
        : world.schedule.nowMs > endMs
          ? "after two days"
          : (await step(world, { storm: false }))
            ? null
            : "with nothing left to wait for";
    if (why !== null) return [`${why}: ${world.restless()}`];
  }
  return [];
}

/** Jobs that look as if they were over, and whose journal does not say so. */
function withoutEnd(truth: Truth): string[] {
  return truth.jobs
    .filter(({ state }) => state !== null && !hasEnded(state))
    .map(({ id, state }) => `the journal of ${id} has no end: ${state?.status}`);
}

/** One step of the world, and everything the engine does at once because of it. False when nothing waits any more. */
async function step(world: World, how: { storm: boolean }): Promise<boolean> {
  const next = world.schedule.take();
  if (next === undefined) return false;
  if (how.storm) world.storm();
  if (!next.gone()) next.run();
  await settle();
  return true;
}

/** All promises that can go on have gone on by the loop's next turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
