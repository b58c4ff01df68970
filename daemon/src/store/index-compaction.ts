/** Making the index small again: lines of removed jobs, and the tombstones that say so, are left out. */
import { join } from "node:path";
import type { DurableFs } from "@aither/supervise";
import { isTombstone, linesBackwards, type IndexLine } from "./index-lines.ts";

/**
 * Rewrites the months, the oldest first: a tombstone goes only after the line it speaks of, so that dying in between
 * brings no job back. The very last line stays whatever it is, for it knows the highest number ever given out.
 */
export async function compact(fs: DurableFs, folder: string, months: readonly string[]): Promise<void> {
  const newestFirst = [...months].sort().reverse();
  const seen = new Set<string>();
  const kept = new Map<string, IndexLine[]>();
  let isLast = true;
  for (const month of newestFirst) {
    const lines: IndexLine[] = [];
    for await (const line of linesBackwards(join(folder, month))) {
      const jobId = isTombstone(line) ? line.removed : line.jobId;
      const counts = !isTombstone(line) && !seen.has(jobId);
      seen.add(jobId);
      if (counts || isLast) lines.push(line);
      isLast = false;
    }
    kept.set(month, lines.reverse());
  }
  for (const month of newestFirst.reverse()) {
    const lines = kept.get(month) ?? [];
    if (lines.length === 0) await fs.unlink(join(folder, month));
    else
      await fs.writeAtomic(join(folder, month), Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
  }
  await fs.syncDir(folder);
}

/** How many lines there are, and how many of them still say something. */
export async function countLines(folder: string, months: readonly string[]): Promise<{ all: number; live: number }> {
  const seen = new Set<string>();
  let [all, live] = [0, 0];
  for (const month of [...months].sort().reverse()) {
    for await (const line of linesBackwards(join(folder, month))) {
      all += 1;
      const jobId = isTombstone(line) ? line.removed : line.jobId;
      if (!isTombstone(line) && !seen.has(jobId)) live += 1;
      seen.add(jobId);
    }
  }
  return { all, live };
}
