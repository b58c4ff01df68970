// A test that leaves a process behind fails. Every process that a test run starts inherits a mark in its
// environment, or works in the run's own temporary folder, whoever its parent is by then; whatever still does at the
// end was left behind.
import { readdirSync, readFileSync } from "node:fs";

export type LeftBehind = { readonly pid: number; readonly commandLine: string };

/**
 * Processes whose environment or command line holds one of the texts (this process excepted). Without a /proc there is
 * nothing to look at, and nothing is found.
 */
export function processesHolding(texts: readonly string[]): readonly LeftBehind[] {
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return [];
  }
  return entries
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => {
      const known = read(`/proc/${entry}/environ`) + read(`/proc/${entry}/cmdline`);
      return texts.some((text) => known.includes(text));
    })
    .map((entry) => ({
      pid: Number(entry),
      commandLine: read(`/proc/${entry}/cmdline`).replaceAll("\0", " ").trim(),
    }));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
