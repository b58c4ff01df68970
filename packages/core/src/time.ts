import type { Deadline, Instant } from "@aither/protocol";
import { assert } from "./assert.ts";

const dayMs = 86_400_000;

/** Adds to each clock, so that the same countdown goes on whichever of them decides. */
export function deadlineIn(now: Instant, delayMs: number): Deadline {
  return {
    wallMs: now.wallMs + delayMs,
    monotonicMs: now.monotonicMs + delayMs,
    bootId: now.bootId,
  };
}

/** How long ago: by the clock that stands still while the machine sleeps where that can be told, else by the wall clock. */
export function elapsedMs(since: Instant, now: Instant): number {
  const ms = since.bootId === now.bootId ? now.monotonicMs - since.monotonicMs : now.wallMs - since.wallMs;
  return Math.max(0, ms);
}

/** On the boot it was made in the monotonic clock decides, which stands still while the machine sleeps; else the wall clock. */
export function deadlinePassed(deadline: Deadline, now: Instant): boolean {
  return deadline.bootId === now.bootId ? now.monotonicMs >= deadline.monotonicMs : now.wallMs >= deadline.wallMs;
}

/** ms since the epoch as ISO 8601 in UTC: `2026-11-22T22:43:28.123Z`. Years 0 to 9999. */
export function isoTime(wallMs: number): string {
  const ms = Math.floor(wallMs);
  const days = Math.floor(ms / dayMs);
  const { year, month, day } = civil(days);
  const inDay = ms - days * dayMs;
  const clock = [
    pad(Math.floor(inDay / 3_600_000), 2),
    pad(Math.floor(inDay / 60_000) % 60, 2),
    pad(Math.floor(inDay / 1_000) % 60, 2),
  ].join(":");
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock}.${pad(inDay % 1_000, 3)}Z`;
}

const isoPattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/;

/** The inverse of `isoTime`; accepts exactly what it writes. */
export function parseTime(text: string): number {
  const parts = isoPattern.exec(text);
  assert(parts !== null, `not a time of ours: ${text}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = parts.slice(1).map(Number);
  return epochDay({ year, month, day }) * dayMs + hour * 3_600_000 + minute * 60_000 + second * 1_000 + ms;
}

type CivilDay = { year: number; month: number; day: number };

/**
 * Days since 1970-01-01 as a date, by Howard Hinnant's algorithm: years that begin in March put the leap day last,
 * and 400 of them are always 146,097 days (https://howardhinnant.github.io/date_algorithms.html).
 */
function civil(epochDays: number): CivilDay {
  const shifted = epochDays + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

function epochDay({ year, month, day }: CivilDay): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** A span for people: `850 ms`, `12 s`, `10 min`, `2 h 5 min`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
