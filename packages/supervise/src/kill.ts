/**
 * Ending an attempt, and everything it left behind.
 *
 *   terminate   TERM to all but the wrapper, which records what came of it
 *   kill        { its cgroup, if it has one; STOP until nothing new appears, KILL } until nothing is left, wrapper spared
 *   freeze/thaw STOP and CONT to all but the wrapper
 *
 * Who holds the terminal of a script is spared as the wrapper is: it goes by itself when the script has gone and all it
 * wrote is in the log. Only one that does not is killed.
 *
 * Deadlines are the caller's. No signal is ever sent to a process whose start time was not checked
 * right before; a group is signalled only while its leader, the wrapper, is proven alive.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AttemptTarget, FoundProcess } from "./attempt-target.ts";
import { cgroupPids, killCgroup, unfreezeCgroup, whileFrozen } from "./cgroup.ts";
import { findProcesses } from "./find.ts";
import { identify, isAlive, isSameProcess, type IdentityOptions } from "./identity.ts";

export type KillOptions = IdentityOptions & {
  /** How long a wrapper without a script may take to record the end and go; default 1,000. */
  readonly wrapperPatienceMs?: number;
};

export type KillReport = {
  /** What could not be killed (another user's, or faster than 20 rounds). Empty is success. */
  readonly left: readonly FoundProcess[];
  /** The wrapper still lives after its patience: a full disk keeps it, or nobody can. See `killWrapper`. */
  readonly wrapperAlive: boolean;
  readonly killedCount: number;
  readonly rounds: number;
};

const ROUNDS_MAX = 20;
const STOP_SCANS_MAX = 12;
const WRAPPER_PATIENCE_MS = 1_000;
const POLL_MS_MAX = 40;

/**
 * Asks all processes of the attempt to end. Returns those that were asked; none means that there is
 * nothing to wait for. Harmless when repeated.
 */
export async function terminate(target: AttemptTarget, options: KillOptions = {}): Promise<readonly FoundProcess[]> {
  const patience = createPatience(options.wrapperPatienceMs ?? WRAPPER_PATIENCE_MS);
  unfreezeCgroup(target.cgroupDir);
  for (;;) {
    const found = await findProcesses(target, options);
    const scripts = found.filter(isScript);
    if (scripts.length > 0) {
      // One signal to the group first: a shell and its child get it at the same instant.
      const group = groupOf(target, found, options);
      if (group !== undefined) sendToGroup(group, "SIGTERM");
      for (const found of scripts) {
        if (found.groupId !== group) send(found, "SIGTERM", options);
        // A stopped process would sleep over it.
        if (found.stopped) send(found, "SIGCONT", options);
      }
      return scripts;
    }
    // A wrapper alone is either about to start its script or about to go.
    if (!isWrapperAlive(target, options) || !(await patience())) return [];
  }
}

/** The group that a script begins in, while its leader proves that it is ours; the leader itself is deaf to TERM. */
function groupOf(
  { wrapper }: AttemptTarget,
  found: readonly FoundProcess[],
  options: IdentityOptions,
): number | undefined {
  const holders = found.filter(({ isHolder }) => isHolder);
  if (holders.length > 0) {
    const leader = holders.find(({ pid, sessionId }) => pid === sessionId);
    return leader !== undefined && isSameProcess(leader, options) ? leader.pid : undefined;
  }
  return wrapper !== undefined && isAlive(wrapper, options) ? wrapper.pid : undefined;
}

/** Ends all processes of the attempt by force. The wrapper is spared: it records 137 and goes. */
export async function kill(target: AttemptTarget, options: KillOptions = {}): Promise<KillReport> {
  const patienceMs = options.wrapperPatienceMs ?? WRAPPER_PATIENCE_MS;
  let patience = createPatience(patienceMs);
  const killed = new Set<number>();
  let rounds = 0;
  let left: readonly FoundProcess[] = [];
  while (rounds < ROUNDS_MAX) {
    if (target.cgroupDir !== undefined) {
      const there = cgroupPids(target.cgroupDir);
      if (await killCgroup(target.cgroupDir)) for (const pid of there) killed.add(pid);
    }
    left = await stopAll(target, options);
    if (left.length > 0) {
      rounds += 1;
      for (const found of left) {
        if (send(found, "SIGKILL", options)) killed.add(found.pid);
      }
      await untilDead(left, options);
    } else {
      wakeWrapper(target, options);
      if (!isWrapperAlive(target, options)) break;
      if (await patience()) continue;
      const holders = (await findProcesses(target, options)).filter(({ isHolder }) => isHolder);
      if (!holders.some((holder) => send(holder, "SIGKILL", options))) break;
      rounds += 1;
      patience = createPatience(patienceMs);
    }
  }
  if (left.length > 0) left = await findScripts(target, options);
  return {
    left,
    wrapperAlive: isWrapperAlive(target, options),
    killedCount: killed.size,
    rounds,
  };
}

/** The last resort: the exit code is lost, the attempt becomes "interrupted". True when it was alive. */
export function killWrapper(target: AttemptTarget, options: IdentityOptions = {}): boolean {
  const { wrapper } = target;
  return wrapper !== undefined && isAlive(wrapper, options) && send(wrapper, "SIGKILL", options);
}

/** Stops all processes of the attempt where they are; returns those that stand still now. */
export async function freeze(target: AttemptTarget, options: KillOptions = {}): Promise<readonly FoundProcess[]> {
  const patience = createPatience(options.wrapperPatienceMs ?? WRAPPER_PATIENCE_MS);
  for (;;) {
    await stopAll(target, options);
    // Looked at once more: the death of a parent that was on its way out wakes its group (HUP and CONT).
    const still = await findScripts(target, options);
    // A wrapper alone is about to start its script, or to go.
    const waits = still.length > 0 ? still.some(({ stopped }) => !stopped) : isWrapperAlive(target, options);
    if (!waits || !(await patience())) return still;
  }
}

/** Lets them go on; returns those that were told to. */
export async function thaw(target: AttemptTarget, options: IdentityOptions = {}): Promise<readonly FoundProcess[]> {
  unfreezeCgroup(target.cgroupDir);
  const scripts = await findScripts(target, options);
  return scripts.filter((found) => send(found, "SIGCONT", options));
}

/** The attempt's processes without its wrapper: what a finished script left behind. */
export async function findScripts(target: AttemptTarget, options: IdentityOptions = {}): Promise<FoundProcess[]> {
  return (await findProcesses(target, options)).filter(isScript);
}

function isScript({ isWrapper, isHolder }: FoundProcess): boolean {
  return !isWrapper && !isHolder;
}

/** Stopped processes cannot fork: once two looks find nobody new, nobody new can come. */
async function stopAll(target: AttemptTarget, options: IdentityOptions): Promise<FoundProcess[]> {
  const stopped = new Map<string, FoundProcess>();
  let quietScans = 0;
  await whileFrozen(target.cgroupDir, () => {
    for (const pid of cgroupPids(target.cgroupDir ?? "")) {
      const found = identify(pid, options);
      if (found !== undefined) send(found, "SIGSTOP", options);
    }
  });
  for (let scans = 0; scans < STOP_SCANS_MAX && quietScans < 2; scans += 1) {
    const scripts = await findScripts(target, options);
    if (scripts.length === 0 && stopped.size === 0) return [];
    quietScans += 1;
    for (const found of scripts) {
      const key = `${found.pid}.${found.startTime}`;
      if (stopped.has(key)) continue;
      quietScans = 0;
      send(found, "SIGSTOP", options);
      stopped.set(key, found);
    }
  }
  return [...stopped.values()];
}

async function untilDead(processes: readonly FoundProcess[], options: IdentityOptions): Promise<void> {
  const patience = createPatience(100);
  while (processes.some((found) => isSameProcess(found, options))) {
    if (!(await patience())) return;
  }
}

function isWrapperAlive(target: AttemptTarget, options: IdentityOptions): boolean {
  return target.wrapper !== undefined && isAlive(target.wrapper, options);
}

/** A stopped wrapper records nothing. Waking one that is awake does nothing. */
function wakeWrapper(target: AttemptTarget, options: IdentityOptions): void {
  if (target.wrapper !== undefined && isWrapperAlive(target, options)) {
    send(target.wrapper, "SIGCONT", options);
  }
}

function send(
  ref: { readonly pid: number; readonly startTime: string },
  signal: NodeJS.Signals,
  options: IdentityOptions,
): boolean {
  if (ref.pid <= 1 || !isSameProcess(ref, options)) return false;
  try {
    return process.kill(ref.pid, signal);
  } catch {
    // Gone meanwhile, or another user's: the next look tells.
    return false;
  }
}

function sendToGroup(groupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-groupId, signal);
  } catch {
    // Gone meanwhile.
  }
}

/** Waits a little longer each time it is asked; false when the time is used up. */
function createPatience(totalMs: number): () => Promise<boolean> {
  const until = performance.now() + totalMs;
  let waitMs = 1;
  return async () => {
    if (performance.now() >= until) return false;
    await delay(waitMs);
    waitMs = Math.min(waitMs * 2, POLL_MS_MAX);
    return true;
  };
}
