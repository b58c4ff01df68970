/** Sizes as people write them, and how much of a log is kept. Imports nothing. */

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** Bytes of `50MB`, `1.5 GiB`, `4096`; null when it is no size. */
export function bytesOfSize(size: unknown): number | null {
  if (typeof size === "number") return Number.isSafeInteger(size) && size >= 0 ? size : null;
  if (typeof size !== "string") return null;
  const [, number, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(size) ?? [];
  const factor = units[unit.toLowerCase()];
  const bytes = number === undefined || factor === undefined ? Number.NaN : Math.floor(Number(number) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Bytes of the beginning and, at least, of the end that are kept. */
export type KeptEnds = { readonly head: number; readonly tail: number };

export const LOG_LIMIT_BYTES_MIN = 1_000_000;
const HEAD_BYTES_DEFAULT = 1024 ** 2;

/**
 * What `logLimit` means: a size is what the log may take on disk at most, an object says what is kept. Null: `none`,
 * keep everything. A text: what is wrong with it.
 */
export function logLimitOf(value: unknown): KeptEnds | null | string {
  if (value === "none") return null;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const { head = HEAD_BYTES_DEFAULT, tail, ...rest } = value as Record<string, unknown>;
    const [other] = Object.keys(rest);
    if (other !== undefined) return `\`logLimit\` has no \`${other}\`; it has \`head\` and \`tail\``;
    const [headBytes, tailBytes] = [bytesOfSize(head), bytesOfSize(tail)];
    if (headBytes === null) return `\`head\` of \`logLimit\` is no size: ${JSON.stringify(head)}`;
    if (tailBytes === null) return `\`tail\` of \`logLimit\` is no size: ${JSON.stringify(tail ?? null)}`;
    if (tailBytes < LOG_LIMIT_BYTES_MIN / 4) return "`tail` of `logLimit` must be at least 250 kB";
    return { head: headBytes, tail: tailBytes };
  }
  const bytes = bytesOfSize(value);
  if (bytes === null) return `\`logLimit\` is no size: ${JSON.stringify(value)}; write it as 50MB`;
  if (bytes < LOG_LIMIT_BYTES_MIN) return `\`logLimit\` must be at least 1MB, not ${JSON.stringify(value)}`;
  const head = Math.min(HEAD_BYTES_DEFAULT, Math.floor(bytes / 8));
  // While the script writes, up to twice the tail lies on disk.
  return { head, tail: Math.floor((bytes - head) / 2) };
}
