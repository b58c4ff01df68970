/** Whether an attempt was claimed before its intent was written: to be asked while no daemon lives. */
import { join } from "node:path";
import { jobFolders } from "./collect.ts";
import { claimsOf, read } from "./machine.ts";

/** Claims are read before journals: whatever is claimed must have been intended by then. Jobs that ended are not read. */
export function claimsWithoutIntent(state: string): string[] {
  return jobFolders(state).flatMap(({ jobId, folder }) => {
    const claims = claimsOf(folder, jobId).filter(({ pid }) => pid > 0);
    if (claims.length === 0) return [];
    const intended = new Set(intents(read(join(folder, "events.ndjson")) ?? ""));
    return claims.map(({ marker }) => marker).filter((marker) => !intended.has(/x(\d+\.\d+)$/.exec(marker)?.[1] ?? ""));
  });
}

/** `<script's id>.<attempt>` of every intent in a journal's text. */
function intents(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.includes('"ScriptScheduled"'))
    .flatMap((line) => {
      try {
        const { script, attempt } = JSON.parse(line) as { script: string; attempt: number };
        return [`${/x(\d+)$/.exec(script)?.[1]}.${attempt}`];
      } catch {
        // The torn last line of a daemon that died while it wrote it.
        return [];
      }
    });
}
