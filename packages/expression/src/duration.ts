const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

const unit = "(?:s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)";
/** `1h 30m`: from days to seconds, each at most once. */
const parts = new RegExp(`^(?:\\d+(?:\\.\\d+)?\\s*${unit}\\s*){1,4}$`, "i");
const part = new RegExp(`(\\d+(?:\\.\\d+)?)\\s*(${unit})`, "gi");

/** Seconds of `90`, `30s`, `5 minutes`, `1h30m` or `00:05:00`; undefined when it is none of these. */
export function secondsOfText(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  const clock = /^(\d+):([0-5]\d):([0-5]\d)$/.exec(trimmed);
  if (clock) return Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3]);
  if (!parts.test(trimmed)) return undefined;
  return [...trimmed.matchAll(part)].reduce((sum, [, number, unit]) => sum + Number(number) * secondsOf(unit!), 0);
}

function secondsOf(unit: string): number {
  return unitSeconds[unit[0]!.toLowerCase()] ?? 1;
}
