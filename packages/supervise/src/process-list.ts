/**
 * All live processes of the machine, at a glance: from `/proc`, or from ps(1) where there is none
 * (macOS). From ps nothing but the group can be told, so only group members are found there.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { isDeadState, readProcessStat, type IdentityOptions, type ProcessStat } from "./identity.ts";

/** Yields in no order; a process may die between being listed and being looked at. */
export async function* listProcesses(options: IdentityOptions = {}): AsyncGenerator<ProcessStat, void, void> {
  const procRoot = options.procRoot ?? "/proc";
  if (!existsSync(procRoot)) {
    yield* await listByPs();
    return;
  }
  for (const name of await readdir(procRoot)) {
    if (!/^[0-9]+$/.test(name)) continue;
    const stat = readProcessStat(Number(name), options);
    if (stat !== undefined && !isDeadState(stat.state)) yield stat;
  }
}

async function listByPs(): Promise<ProcessStat[]> {
  const { execa } = await import("execa");
  const { stdout } = await execa("ps", ["-axo", "pid=,ppid=,pgid=,state=,lstart=,comm="], {
    extendEnv: false,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
  });
  return parsePs(stdout);
}

/** `lstart` is five words: `Sun Nov 22 21:04:05 2026`. A session is not told; ours are led by their group. */
export function parsePs(text: string): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const line of text.split("\n")) {
    const [pid, ppid, pgid, state = "Z", ...rest] = line.trim().split(/\s+/);
    if (pgid === undefined || isDeadState(state.slice(0, 1))) continue;
    found.push({
      pid: Number(pid),
      name: rest.slice(5).join(" "),
      state: state.slice(0, 1),
      parentPid: Number(ppid),
      groupId: Number(pgid),
      sessionId: Number(pgid),
      startTime: rest.slice(0, 5).join("_"),
    });
  }
  return found;
}
