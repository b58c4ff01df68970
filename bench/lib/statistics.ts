/** Order statistics of a sample; all in the sample's own unit. */
export type Spread = {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
};

export function spread(sample: readonly number[]): Spread {
  const sorted = sample.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { count: sorted.length, min: at(0.000001), p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Three significant digits at most, without an exponent. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
