/** One row of the table: what is fuzzed, with what, and what must hold. */
import assert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";
import type fc from "fast-check";

export type Target = {
  /** `area/what`: what `--only` takes. */
  readonly name: string;
  /** The exported functions that this row calls with what it makes; `coverage.test.ts` compares them with the code. */
  readonly covers: readonly string[];
  /** Its part of all inputs: cheap rows get more. */
  readonly share: number;
  readonly arbitrary: fc.Arbitrary<unknown>;
  /** Throws when something does not hold. */
  readonly property: (input: never) => void | Promise<void>;
};

type Row<T> = {
  readonly covers: readonly string[];
  readonly share?: number;
  readonly arbitrary: fc.Arbitrary<T>;
  readonly property: (input: T) => void | Promise<void>;
};

export function target<T>(name: string, { covers, share = 10, arbitrary, property }: Row<T>): Target {
  return { name, covers, share, arbitrary, property };
}

/** What a function did: gave something back, or threw one of the errors it may throw. */
export type Told = { readonly gave: unknown } | { readonly threw: string };

/** Calls it; any error but the allowed ones passes through, which fails the property. */
export function told(call: () => unknown, isAllowed: (error: unknown) => boolean = () => false): Told {
  try {
    return { gave: call() };
  } catch (error) {
    if (!isAllowed(error)) throw error;
    return { threw: String(error) };
  }
}

/** The same question has the same answer. Gives the answer. */
export function stable<T>(call: () => T): T {
  const first = call();
  const second = call();
  if (!isDeepStrictEqual(first, second)) {
    assert.fail(`two answers to one question:\n${inspect(first, { depth: 6 })}\n${inspect(second, { depth: 6 })}`);
  }
  return first;
}
