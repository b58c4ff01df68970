/** The one number that everything random comes from: `--seed N`, `AITHER_TORTURE_SEED`, or a new one; always printed. */
import { randomInt } from "node:crypto";

/** The seed of this process and how to come back to it. */
export function seedFor(level: string, given = process.env["AITHER_TORTURE_SEED"]): number {
  const seed = given === undefined ? randomInt(1, 2 ** 31) : Number(given);
  if (!Number.isInteger(seed)) throw new Error(`a seed is a whole number, not ${given}`);
  // Not console: the runner shows what a test printed only when it failed, and then this line is wanted first.
  process.stdout.write(`${replay(level, seed)}\n`);
  return seed;
}

/** The command that makes the same choices in the same order. */
export function replay(level: string, seed: number, shape: readonly string[] = []): string {
  return ["npm run test:torture -- --level", level, "--seed", seed, "--runs 1", ...shape].join(" ");
}
