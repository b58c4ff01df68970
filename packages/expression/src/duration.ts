const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `90`, `30s`, `5 minutes`, `1h` or `00:05:00`; undefined when it is none of these. */
export function secondsOfText(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const clock = /^(\d+):([0-5]\d):([0-5]\d)$/.exec(trimmed);
  if (clock) return Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3]);
  const found = /^(\d+(?:\.\d+)?)\s*(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|d|days?)$/i.exec(trimmed);
  return found ? Number(found[1]) * (unitSeconds[found[2]![0]!.toLowerCase()] ?? 1) : undefined;
}
