/** `--at`: an hour of today or tomorrow, a date, or so long from now; in the time zone of whoever types. */
import { TIME_MS_MAX, usage } from "./input.ts";

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** ISO 8601 in UTC. `22:30` is the next time that the clock says so; `+10m` is so long from now. */
export function startTime(text: string, nowMs: number): string {
  const [, number, unit = "s"] = /^\+(\d+(?:\.\d+)?)(s|m|h|d)?$/.exec(text) ?? [];
  if (number !== undefined) return inTime(text, nowMs + Number(number) * (units[unit] ?? 1_000), nowMs);
  const [, hours, minutes, seconds = "0"] = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  if (hours !== undefined && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60) {
    const today = new Date(nowMs);
    today.setHours(Number(hours), Number(minutes), Number(seconds), 0);
    if (today.getTime() <= nowMs) today.setDate(today.getDate() + 1);
    return today.toISOString();
  }
  // A date alone would be read as UTC, a date with an hour as local time: only the latter means what was typed.
  const isWhole = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/.test(text);
  const wallMs = isWhole ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  if (Number.isNaN(wallMs)) {
    throw usage(`--at ${text} is no time`, "write 22:30, +10m, or 2026-01-31T22:30");
  }
  return inTime(text, wallMs, nowMs);
}

/** Nobody waits that long: it is a slip, and a year of five digits is no time that others read. */
function inTime(text: string, wallMs: number, nowMs: number): string {
  if (wallMs - nowMs > TIME_MS_MAX || wallMs < 0) {
    throw usage(`--at ${text} is too far away`, "write 22:30, +10m, or 2026-01-31T22:30");
  }
  return new Date(wallMs).toISOString();
}
