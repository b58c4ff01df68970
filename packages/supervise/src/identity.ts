/**
 * Is that process still that process? A pid alone proves nothing: it is reused, and a zombie still
 * answers signal 0. Identity is boot id, pid and start time; alive means all three agree and the
 * process is not a zombie. Nothing in here writes.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode, type ProcessRef } from "./attempt-files.ts";

/** Where to look; the defaults are right outside tests. */
export type IdentityOptions = {
  /** The mounted proc file system. */
  readonly procRoot?: string;
  /** A file whose text names this boot; another text means "the machine was restarted since". */
  readonly bootIdPath?: string;
};

/** One line of `/proc/pid/stat`, as far as we need it. */
export type ProcessStat = {
  readonly pid: number;
  readonly name: string;
  /** One letter; `Z` and `X` are dead, `T` is stopped. */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  readonly startTime: string;
};

const UNKNOWN = "-";

/** The machine has no descriptor or no memory left to look with, which says nothing of who was to be looked at. */
export class LookFailed extends Error {
  constructor(path: string, cause: unknown) {
    super(`${path} cannot be looked at now: ${String(cause)}`, { cause });
    this.name = "LookFailed";
  }
}

/** The name of this boot, `-` when the machine has none to offer. */
export function readBootId(options: IdentityOptions = {}): string {
  const path = options.bootIdPath ?? join(options.procRoot ?? "/proc", "sys/kernel/random/boot_id");
  const text = readText(path);
  if (text !== undefined) return text.trim().replaceAll(/\s+/g, "_") || UNKNOWN;
  if (process.platform !== "darwin") return UNKNOWN;
  return runForText("sysctl", ["-n", "kern.bootsessionuuid"]) ?? UNKNOWN;
}

/** Reads one process; undefined when it does not exist. Zombies are returned, with state `Z`. */
export function readProcessStat(pid: number, options: IdentityOptions = {}): ProcessStat | undefined {
  const text = readText(join(options.procRoot ?? "/proc", String(pid), "stat"));
  return text === undefined ? undefined : parseStat(text);
}

/** The name of a process may hold blanks and brackets, so fields are counted from the last `)`. */
export function parseStat(text: string): ProcessStat | undefined {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < 0) return undefined;
  const fields = text.slice(close + 2).split(" ");
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    state: fields[0] ?? "X",
    parentPid: Number(fields[1]),
    groupId: Number(fields[2]),
    sessionId: Number(fields[3]),
    startTime: fields[19] ?? UNKNOWN,
  };
}

/** A reference to a live process, to be checked later; undefined when it is dead already. */
export function identify(pid: number, options: IdentityOptions = {}): ProcessRef | undefined {
  const startTime = startTimeOf(pid, options);
  return startTime === undefined ? undefined : { bootId: readBootId(options), pid, startTime };
}

/** Whether the machine is short of something; the same may go well in a moment. */
export function isShortage(error: unknown): boolean {
  return error instanceof LookFailed || ["EMFILE", "ENFILE", "ENOMEM"].includes(errorCode(error) ?? "");
}

/** True only for the very process the reference was made of, and only while it can still run code. */
export function isAlive(ref: ProcessRef, options: IdentityOptions = {}): boolean {
  return ref.bootId === readBootId(options) && isSameProcess(ref, options);
}

/** As `isAlive` for callers that know the boot is the same: one small read, no more. */
export function isSameProcess(
  ref: { readonly pid: number; readonly startTime: string },
  options: IdentityOptions = {},
): boolean {
  return startTimeOf(ref.pid, options) === ref.startTime;
}

function startTimeOf(pid: number, options: IdentityOptions): string | undefined {
  const stat = readProcessStat(pid, options);
  if (stat !== undefined) return isDeadState(stat.state) ? undefined : stat.startTime;
  return process.platform === "linux" ? undefined : startTimeByPs(pid);
}

export function isDeadState(state: string): boolean {
  return state === "Z" || state === "X" || state === "x";
}

/** Without `/proc` (macOS) the start time has a resolution of one second; nothing better is on offer. */
function startTimeByPs(pid: number): string | undefined {
  const line = runForText("ps", ["-o", "state=,lstart=", "-p", String(pid)]);
  const found = line === undefined ? null : /^(\S)\S*\s+(.*)$/.exec(line);
  if (found === null || isDeadState(found[1] ?? "Z")) return undefined;
  return (found[2] ?? "").trim().replaceAll(/\s+/g, "_");
}

function runForText(file: string, argv: string[]): string | undefined {
  try {
    const text = execFileSync(file, argv, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC" },
    });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    // Node reads UTF-8 in one call and any other encoding in four. A name that is none loses letters, never brackets.
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isShortage(error)) throw new LookFailed(path, error);
    return undefined;
  }
}
