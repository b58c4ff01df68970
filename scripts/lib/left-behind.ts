// A test that leaves a process behind fails. Every process that a test run starts inherits a mark in its
// environment, whoever its parent is by then; whatever still carries the mark at the end was left behind.
import { readdirSync, readFileSync } from "node:fs";

export type LeftBehind = { readonly pid: number; readonly commandLine: string };

/** Processes whose environment holds `NAME=value`. Without a /proc there is nothing to look at: null. */
export function processesMarked(name: string, value: string): readonly LeftBehind[] | null {
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return null;
  }
  const mark = `${name}=${value}`;
  return entries
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => read(`/proc/${entry}/environ`).split("\0").includes(mark))
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
