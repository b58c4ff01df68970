/** Looking at processes and attempts from outside, as somebody who trusts nobody. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { attemptFiles, cgroupPids, isSameProcess, readProcessStat, parseClaim, parseExit } from "@aither/supervise";
import type { ProcessStat } from "@aither/supervise";

export type Claimed = {
  readonly marker: string;
  readonly base: string;
  readonly pid: number;
  readonly startTime: string;
};

export function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

export function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

export function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

export function allProcesses(): ProcessStat[] {
  return names("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readProcessStat(Number(pid)) ?? [])
    .filter(({ state }) => !/[ZX]/.test(state));
}

/** The claims of one job, whoever made them; a fence has pid 0. */
export function claimsOf(jobFolder: string, jobId: string): Claimed[] {
  const folder = join(jobFolder, "scripts");
  return names(folder).flatMap((name): Claimed[] => {
    if (!name.endsWith(".claim")) return [];
    const stem = name.slice(0, -".claim".length);
    const claim = parseClaim(link(join(folder, name)) ?? "");
    if (claim === undefined) return [];
    const who = claim.kind === "claimed" ? claim.process : { pid: 0, startTime: "-" };
    return [{ marker: `${jobId}/${stem}`, base: join(folder, stem), pid: who.pid, startTime: who.startTime }];
  });
}

/** Attempts of open jobs whose wrapper is alive and has recorded no end. */
export function runningAttempts(state: string): Claimed[] {
  return names(join(state, "active")).flatMap((jobId) =>
    claimsOf(join(state, "active", jobId), jobId).filter(
      (claim) =>
        claim.pid > 0 && isSameProcess(claim) && parseExit(read(attemptFiles("", claim.base).exit) ?? "") === undefined,
    ),
  );
}

/** The one that forks for the daemon. */
export function spawnerOf(daemonPid: number): number | undefined {
  const isSpawner = ({ pid, parentPid }: ProcessStat): boolean =>
    parentPid === daemonPid && (read(`/proc/${pid}/cmdline`) ?? "").endsWith("\0-s\0");
  return allProcesses().find(isSpawner)?.pid;
}

/** Processes that run a daemon's program and hold this lock; a child of one that has not become its spawner yet is none. */
export function daemonsOf(lock: string): number[] {
  const holders = allProcesses()
    .filter(({ pid }) => (read(`/proc/${pid}/cmdline`) ?? "").includes("main.mjs"))
    .filter(({ pid }) => link(`/proc/${pid}/fd/9`) === lock);
  const pids = holders.map(({ pid }) => pid);
  return holders.filter(({ parentPid }) => !pids.includes(parentPid)).map(({ pid }) => pid);
}

/** Every process that carries the mark of an attempt of one of these jobs. */
export function marked(jobIds: ReadonlySet<string>): { pid: number; marker: string }[] {
  return allProcesses().flatMap(({ pid }) => {
    const marker = /(?:^|\0)AITHER_ATTEMPT=([^\0]*)/.exec(read(`/proc/${pid}/environ`) ?? "")?.[1];
    return marker !== undefined && jobIds.has(marker.slice(0, marker.indexOf("/"))) ? [{ pid, marker }] : [];
  });
}

/** Whose command line holds this, whatever else they wiped. */
export function named(token: string): number[] {
  return allProcesses().flatMap(({ pid }) => ((read(`/proc/${pid}/cmdline`) ?? "").includes(token) ? [pid] : []));
}

/** Control groups of this home, with who lives in them. */
export function groupsOf(state: string): { name: string; pids: readonly number[] }[] {
  return (read(join(state, "cgroups")) ?? "")
    .split("\n")
    .filter((folder) => folder !== "")
    .flatMap((folder) =>
      names(folder)
        // The kernel's own files stand beside the groups.
        .filter((name) => read(join(folder, name, "cgroup.procs")) !== undefined)
        .map((name) => ({ name, pids: cgroupPids(join(folder, name)) })),
    );
}

/** Sends a signal; a process that is gone already was quicker. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
