/** Limits, clock and first process of this machine. Nothing in here writes. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { findProgram } from "../service/facts.ts";
import { lingers } from "../service/run.ts";
import { bad, good, warn, type Finding } from "./finding.ts";

const OPEN_FILES_MIN = 4_096;
const PROCESSES_MIN = 1_024;
const WATCHES_MIN = 8_192;
const PIDS_MIN = 32_768;

/** `/proc` is another's in tests. */
export function limitFindings(proc = "/proc"): Finding[] {
  if (!existsSync(`${proc}/self/limits`)) return [];
  const limits = readFileSync(`${proc}/self/limits`, "utf8");
  const hard = (name: string): number => {
    const text = new RegExp(`^${name} +\\S+ +(\\S+)`, "m").exec(limits)?.[1] ?? "unlimited";
    return text === "unlimited" ? Number.POSITIVE_INFINITY : Number(text);
  };
  const atLeast = (options: { name: string; value: number; min: number; mend: string }): Finding => {
    const { name, value, min, mend } = options;
    const says = Number.isFinite(value) ? String(value) : "unlimited";
    return value < min ? warn(name, `${says}; thousands of scripts at once want ${min}`, mend) : good(name, says);
  };
  const system = (path: string): number => Number(readFileSync(`${proc}/sys/${path}`, "utf8"));
  return [
    atLeast({ name: "open files", value: hard("Max open files"), min: OPEN_FILES_MIN, mend: "raise ulimit -Hn" }),
    atLeast({ name: "processes", value: hard("Max processes"), min: PROCESSES_MIN, mend: "raise ulimit -Hu" }),
    atLeast({
      name: "inotify watches",
      value: system("fs/inotify/max_user_watches"),
      min: WATCHES_MIN,
      mend: `sysctl fs.inotify.max_user_watches=${WATCHES_MIN}`,
    }),
    atLeast({
      name: "pid_max",
      value: system("kernel/pid_max"),
      min: PIDS_MIN,
      mend: `sysctl kernel.pid_max=${PIDS_MIN}`,
    }),
  ];
}

const PAUSE_MS = 50;
const DRIFT_MS_MAX = 1_000;
/** No clock that is right shows less. */
const OLDEST_NOW = "2025-01-01";

type Clocks = { readonly wallMs: () => number; readonly steadyMs: () => number };

const clocks: Clocks = { wallMs: () => Date.now(), steadyMs: () => performance.now() };

/** The clocks are others in tests: nobody sets a machine's clock for them. */
export async function clockFindings({ wallMs, steadyMs: steady }: Clocks = clocks): Promise<Finding[]> {
  const { readBootId } = await import("@aither/supervise");
  const bootId = readBootId();
  const before = { wall: wallMs(), steady: steady() };
  await delay(PAUSE_MS);
  const steadyMs = steady() - before.steady;
  const nowMs = wallMs();
  const driftMs = Math.round(Math.abs(nowMs - before.wall - steadyMs));
  return [
    bootId === "-"
      ? bad("boot id", "cannot be read, so a reboot cannot be told from a pause", "mount /proc")
      : good("boot id", bootId),
    nowMs < Date.parse(OLDEST_NOW)
      ? warn("clock", `says ${new Date(nowMs).toISOString()}`, "set it, and keep it right with NTP")
      : driftMs > DRIFT_MS_MAX || steadyMs <= 0
        ? warn("clock", `jumped ${driftMs} ms within ${PAUSE_MS} ms`, "see what sets it: NTP should slew it")
        : good("clock", new Date(nowMs).toISOString()),
  ];
}

/** Whoever outlives the terminal becomes a child of process 1, which must collect it when it ends. */
export function firstProcessFindings(proc = "/proc"): Finding[] {
  if (!existsSync(`${proc}/1/stat`)) return [];
  const name = readFileSync(`${proc}/1/comm`, "utf8").trim();
  const dead = readdirSync(proc).filter((pid) => /^\d+$/.test(pid) && isLeftToFirst(`${proc}/${pid}/stat`)).length;
  if (dead < DEAD_MIN) return [good("process 1", `${name} collects what ends`)];
  return [
    warn(
      "process 1",
      `${name} leaves ${dead} ended processes uncollected; each keeps its pid`,
      "start the container with an init, such as docker run --init",
    ),
  ];
}

/** A few are always just about to be collected. */
const DEAD_MIN = 20;

function isLeftToFirst(file: string): boolean {
  try {
    const text = readFileSync(file, "latin1");
    const [state, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" && parent === "1";
  } catch {
    return false;
  }
}

/** Whether systemd ends what a user started when the user logs out. */
export function logoutFindings(path: string): Finding[] {
  if (!existsSync("/run/systemd/system")) return [];
  const stays = lingers();
  if (stays === true) return [good("logout", "lingering is on: services live on")];
  const kills = killsUserProcesses(path);
  const mend = "loginctl enable-linger";
  if (kills === true) return [warn("logout", "KillUserProcesses=yes: systemd ends the daemon and its scripts", mend)];
  if (stays === false) return [warn("logout", "lingering is off: a service of yours ends, with its scripts", mend)];
  return [];
}

function killsUserProcesses(path: string): boolean | null {
  const file = findProgram("loginctl", path);
  if (file === null) return null;
  try {
    const argv = ["show-session", "-p", "KillUserProcesses", "--value"];
    const text = execFileSync(file, argv, { encoding: "utf8", timeout: 5_000, stdio: ["ignore", "pipe", "ignore"] });
    return text.trim() === "yes";
  } catch {
    return null;
  }
}
