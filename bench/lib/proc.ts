import { readdirSync, readFileSync } from "node:fs";

/** Resident memory of a process, in MB (10^6 bytes). */
export function residentMb(pid: number): number {
  return field(`/proc/${pid}/status`, "VmRSS");
}

/** Proportional share of memory of a process, in MB: shared pages count by the number of their users. */
export function proportionalMb(pid: number): number {
  return field(`/proc/${pid}/smaps_rollup`, "Pss");
}

/** CPU time of a process and all its threads, in ms, in steps of ten. */
export function cpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10;
}

/** Processes whose command line holds a text. */
export function processesWith(text: string): readonly { readonly pid: number; readonly argv: readonly string[] }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), argv: read(`/proc/${name}/cmdline`).split("\0") }))
    .filter(({ argv }) => argv.some((argument) => argument.includes(text)));
}

function field(path: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(read(path));
  return match === null ? Number.NaN : (Number(match[1]) * 1024) / 1e6;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
