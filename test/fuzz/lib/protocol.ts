/** What the one who watches and the one who works tell each other. */

/** `runs` inputs of one row, all of them made from `seed`. */
export type Batch = { readonly name: string; readonly seed: number; readonly runs: number };

export type Failure = {
  readonly batch: Batch;
  /** Which input of the batch. */
  readonly run: number;
  readonly input: string;
  readonly reason: string;
};

export type Report = {
  readonly batch: Batch;
  readonly ms: number;
  readonly runs: number;
  readonly failure: Failure | null;
};

/** Indexes into the shared memory, which can be read also while the worker does not answer. */
export const RUN = 0;
export const BEAT = 1;
export const SHARED_BYTES = 8;

/** An input that takes longer on the processor, twice, is a finding: what people wait for has none that is so slow. */
export const SLOW_MS = 2_500;
/** One input that does not come back for so long hangs. */
export const HANG_MS = 60_000;
/** More is a leak, or an answer without bounds. */
export const HEAP_MB_MAX = 700;
