/** How reports say times, sizes and ends. */
import type { JobDetail, ScriptView } from "@aither/protocol";
import type { ReportScript } from "./report.ts";

const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** `950 B`, `4.8 MB` */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1_000 && unit < units.length - 1; unit += 1) size /= 1_000;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** `0.4s`, `12s`, `1m12s`, `2h05m`, `3d4h` */
export function durationText(ms: number): string {
  if (ms < 950) return `${Math.max(0, Math.round(ms / 100) / 10).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${pad(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${pad(minutes % 60)}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

type Span = { readonly startedAt: string | null; readonly endedAt: string | null };

/** Null before the start. What has not ended is measured to `until`. */
export function tookMs({ startedAt, endedAt }: Span, until: string): number | null {
  return startedAt === null ? null : Math.max(0, Date.parse(endedAt ?? until) - Date.parse(startedAt));
}

export function tookText(span: Span, until: string): string {
  const ms = tookMs(span, until);
  return ms === null ? "" : durationText(ms);
}

/** `2026-01-31 22:30:00 UTC` */
export function timeText(iso: string | null): string {
  return iso === null ? "" : `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** `[0402] Run-UnitTests`, or the name alone. */
export function scriptTitle({ number, name }: Pick<ScriptView, "number" | "name">): string {
  if (number === null) return name;
  const rest = name.replace(/^\d{4}[_-]/, "");
  return rest === number || rest === "" ? `[${number}]` : `[${number}] ${rest}`;
}

export function jobTitle({ name, playbook }: Pick<JobDetail, "name" | "playbook">): string {
  return name === "" || name === playbook ? playbook : `${playbook} (${name})`;
}

/** `12 scripts: 9 completed, 1 failed, 2 skipped` */
export function countsText({ counts }: JobDetail): string {
  const parts = (["completed", "failed", "cancelled", "skipped", "running", "pending"] as const)
    .filter((word) => counts[word] > 0)
    .map((word) => `${counts[word]} ${word}`);
  return `${counts.total} ${counts.total === 1 ? "script" : "scripts"}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
}

/** Why a script is as it is: its exit, how often it was tried, what the cache said. */
export function noteOf({ view, isTolerated }: ReportScript): string {
  const { cache, attempts, reason } = view;
  const isSaid = reason.includes("(tolerated)");
  const parts = [
    `${reason}${isTolerated && !isSaid ? " (tolerated)" : ""}`,
    attempts.length > 1 ? `${attempts.length} attempts` : "",
    cache?.is === "miss" && cache.because.length > 0 ? `not in the cache: ${cache.because.join("; ")}` : "",
  ];
  return parts.filter((part) => part !== "").join("; ");
}

/** A budget of bytes, divided among so many: each gets at least a little, and none too much. */
export function shareOf(
  budget: { readonly total: number; readonly most: number; readonly least: number },
  parts: number,
) {
  return Math.max(budget.least, Math.min(budget.most, Math.floor(budget.total / Math.max(1, parts))));
}
