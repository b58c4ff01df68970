/** Which processes belong to a test: those that carry its folder in their arguments or environment. */
import { readdirSync, readFileSync } from "node:fs";

export type Stray = { readonly pid: number; readonly command: string };

/** Dead ones that nobody has collected yet do not count. Without `/proc` nothing is found. */
export function processesOf(folder: string): Stray[] {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return names
    .map(Number)
    .filter((pid) => pid !== process.pid && isAlive(pid))
    .map((pid) => ({ pid, command: read(pid, "cmdline").replaceAll("\0", " ").trim() }))
    .filter(({ pid, command }) => command.includes(folder) || read(pid, "environ").includes(folder));
}

export function isAlive(pid: number): boolean {
  const stat = read(pid, "stat");
  return stat !== "" && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
