const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** A number of bytes for people: `950 B`, `4.8 MB`. */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1_000 && unit < units.length - 1; unit += 1) size /= 1_000;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}
