/** A length of time for people: `0.4s`, `12s`, `1m12s`, `2h05m`, `3d4h`. */
export function duration(ms: number): string {
  if (ms < 950) return `${Math.max(0, Math.round(ms / 100) / 10).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${pad(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${pad(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** How long ago: `just now`, `12s ago`, `3m ago`, `2h ago`, `5d ago`. Clocks may disagree: the future is just now. */
export function ago(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}

/** From one moment to another, or to now while there is no other; the empty string before the first. Times are ISO 8601. */
export function between(startedAt: string | null, endedAt: string | null, nowMs: number): string {
  if (startedAt === null) return "";
  return duration((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt));
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
