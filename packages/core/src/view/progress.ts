import type { Counts, Instant } from "@aither/protocol";
import { hasEnded, theScript } from "../job/look.ts";
import type { JobState } from "../job/state.ts";

export type Progress = {
  readonly counts: Counts;
  /** 0 to 100, whole; 100 only when everything has ended. */
  readonly percent: number;
  readonly elapsedMs: number;
  /** A guess from the pace so far; null when there is nothing to guess from. */
  readonly remainingMs: number | null;
};

/** How far a job is. A running script counts with what it says of itself, else not at all. */
export function progress(state: JobState, now: Pick<Instant, "wallMs">): Progress {
  const { counts, times } = state;
  const ended = counts.completed + counts.failed + counts.skipped + counts.cancelled;
  const startMs = times.startedAtMs ?? now.wallMs;
  const elapsedMs = Math.max(0, (times.endedAtMs ?? now.wallMs) - startMs);
  if (hasEnded(state)) return { counts, percent: 100, elapsedMs, remainingMs: 0 };
  const done = ended + partsDone(state);
  const share = counts.total === 0 ? 0 : done / counts.total;
  // Skipped scripts took no time, so the pace is that of those that ran.
  const ran = done - counts.skipped;
  const left = counts.total - done;
  const remainingMs = ran > 0 ? Math.round((elapsedMs / ran) * left) : null;
  return { counts, percent: Math.min(99, Math.floor(share * 100)), elapsedMs, remainingMs };
}

function partsDone(state: JobState): number {
  let parts = 0;
  for (const key of state.active) {
    const { state: script } = theScript(state, key);
    if (script.is !== "running") continue;
    parts += Math.min(100, Math.max(0, script.progress?.percent ?? 0)) / 100;
  }
  return parts;
}
