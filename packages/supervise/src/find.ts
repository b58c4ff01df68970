/**
 * The processes of an attempt, found by four marks that a hostile child must shed one by one:
 * the wrapper's session and group, the marker in the environment, an output file open for writing,
 * and the cgroup where there is one. Reading only; nothing is signalled here.
 *
 * One pass over /proc costs tens of microseconds a process, so passes are shared: everybody who asks
 * while one is running gets the next one, together.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AttemptTarget, FoundBy, FoundProcess } from "./attempt-target.ts";
import { cgroupPids } from "./cgroup.ts";
import { isSameProcess, readBootId, readProcessStat, type IdentityOptions, type ProcessStat } from "./identity.ts";
import { listProcesses } from "./process-list.ts";
import { TERMINAL_MARK } from "./terminal.ts";

/** Processes looked at before other work of the loop gets its turn. */
const PROCESSES_A_TURN = 40;
/** SIGSTOP, as a bit of what is pending. */
const STOP_SIGNALS = 1n << BigInt(constants.signals.SIGSTOP - 1);

type Request = {
  readonly target: AttemptTarget;
  readonly resolve: (found: FoundProcess[]) => void;
  readonly reject: (error: unknown) => void;
};

const waiting = new Map<string, Request[]>();
const scanning = new Set<string>();

/** All live processes of the attempt, its wrapper included and marked as such. Zombies are dead. */
export async function findProcesses(target: AttemptTarget, options: IdentityOptions = {}): Promise<FoundProcess[]> {
  return new Promise((resolve, reject) => {
    const key = JSON.stringify([options.procRoot, options.bootIdPath]);
    const requests = waiting.get(key) ?? [];
    requests.push({ target, resolve, reject });
    waiting.set(key, requests);
    if (!scanning.has(key)) void serve(key, options);
  });
}

async function serve(key: string, options: IdentityOptions): Promise<void> {
  scanning.add(key);
  // Let everybody who asks in this very turn join the first pass.
  await nextTurn();
  for (let requests = take(key); requests.length > 0; requests = take(key)) {
    try {
      const found = await scan(
        requests.map(({ target }) => target),
        options,
      );
      requests.forEach(({ resolve }, index) => resolve(found[index] ?? []));
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
  scanning.delete(key);
}

function take(key: string): Request[] {
  const requests = waiting.get(key) ?? [];
  waiting.delete(key);
  return requests;
}

/** What one target is recognised by, prepared once for a pass. */
type Wanted = {
  readonly target: AttemptTarget;
  readonly wrapperPid: number | undefined;
  readonly wrapperAlive: boolean;
  readonly hasTerminal: boolean;
  readonly found: FoundProcess[];
  /** Session members that count only when one of their session is ours beyond doubt. */
  readonly doubtful: FoundProcess[];
  sessionProven: boolean;
};

type Lookup = {
  readonly bySession: ReadonlyMap<number, Wanted>;
  readonly byMarker: ReadonlyMap<string, Wanted>;
  readonly byOutput: ReadonlyMap<string, Wanted>;
  readonly byCgroupPid: ReadonlyMap<number, Wanted>;
  /** Nothing that started before the oldest wrapper can be ours. */
  readonly startTimeMin: number;
  readonly procRoot: string;
};

async function scan(targets: readonly AttemptTarget[], options: IdentityOptions): Promise<FoundProcess[][]> {
  const found = new Map<string, FoundProcess[]>();
  for (const round of roundsOf(targets)) {
    const results = await pass(round, options);
    round.forEach((target, index) => found.set(keyOf(target), results[index] ?? []));
  }
  return targets.map((target) => [...(found.get(keyOf(target)) ?? [])]);
}

/**
 * Whoever asks the same gets the same answer. Within one pass a marker stands for one target, so different questions
 * about one attempt are asked in different passes.
 */
function roundsOf(targets: readonly AttemptTarget[]): AttemptTarget[][] {
  const rounds: Map<string, AttemptTarget>[] = [];
  for (const target of new Map(targets.map((one) => [keyOf(one), one])).values()) {
    const free = rounds.find((round) => !round.has(target.marker));
    if (free === undefined) rounds.push(new Map([[target.marker, target]]));
    else free.set(target.marker, target);
  }
  return rounds.map((round) => [...round.values()]);
}

function keyOf({ wrapper, marker, outputPaths, cgroupDir }: AttemptTarget): string {
  return JSON.stringify([wrapper?.bootId, wrapper?.pid, wrapper?.startTime, marker, outputPaths, cgroupDir]);
}

async function pass(targets: readonly AttemptTarget[], options: IdentityOptions): Promise<FoundProcess[][]> {
  const all = targets.map((target) => want(target, options));
  const lookup = prepare(
    all.filter((wanted) => wanted !== undefined),
    options,
  );
  let looked = 0;
  for await (const stat of listProcesses(options)) {
    if (stat.pid !== process.pid) look(stat, lookup);
    looked += 1;
    if (looked % PROCESSES_A_TURN === 0) await nextTurn();
  }
  return all.map((wanted) => {
    if (wanted === undefined) return [];
    const found = wanted.sessionProven ? [...wanted.found, ...wanted.doubtful] : wanted.found;
    return wanted.hasTerminal ? withHolders(found, wanted.wrapperPid) : found;
  });
}

/**
 * Where the script has a terminal, nothing of the wrapper's own session is the script's. The child of its holder that
 * leads the session in the terminal is not, either.
 */
function withHolders(found: readonly FoundProcess[], wrapperPid: number | undefined): FoundProcess[] {
  const isOurs = (one: FoundProcess): boolean => one.sessionId === wrapperPid && !one.isWrapper;
  const holders = new Set(found.filter(isOurs).map(({ pid }) => pid));
  return found.map((one) => ({
    ...one,
    isHolder: holders.has(one.pid) || (one.pid === one.sessionId && holders.has(one.parentPid)),
  }));
}

/** Undefined for an attempt of another boot: none of its processes can exist. */
function want(target: AttemptTarget, options: IdentityOptions): Wanted | undefined {
  const { wrapper } = target;
  if (wrapper !== undefined && wrapper.bootId !== readBootId(options)) return undefined;
  const wrapperAlive = wrapper !== undefined && isSameProcess(wrapper, options);
  return {
    target,
    wrapperPid: wrapper?.pid,
    wrapperAlive,
    hasTerminal: wrapperAlive && variableOf(wrapper.pid, TERMINAL_MARK, options.procRoot ?? "/proc") !== undefined,
    found: [],
    doubtful: [],
    sessionProven: false,
  };
}

function prepare(all: readonly Wanted[], options: IdentityOptions): Lookup {
  const bySession = new Map<number, Wanted>();
  const byMarker = new Map<string, Wanted>();
  const byOutput = new Map<string, Wanted>();
  const byCgroupPid = new Map<number, Wanted>();
  let startTimeMin = Number.MAX_SAFE_INTEGER;
  for (const wanted of all) {
    const { wrapper, marker, outputPaths, cgroupDir } = wanted.target;
    if (wrapper !== undefined) bySession.set(wrapper.pid, wanted);
    byMarker.set(marker, wanted);
    for (const path of outputPaths) byOutput.set(realPath(path), wanted);
    const terminal = wanted.hasTerminal ? terminalOf(wanted, options) : undefined;
    if (terminal !== undefined) byOutput.set(terminal, wanted);
    if (cgroupDir !== undefined) {
      for (const pid of cgroupPids(cgroupDir)) byCgroupPid.set(pid, wanted);
    }
    const startTime = Number(wrapper?.startTime);
    startTimeMin = Math.min(startTimeMin, Number.isFinite(startTime) ? startTime : 0);
  }
  const procRoot = options.procRoot ?? "/proc";
  return { bySession, byMarker, byOutput, byCgroupPid, startTimeMin, procRoot };
}

/** The terminal that a script writes to instead of its log, from the process that leads the session in it. */
function terminalOf({ wrapperPid = 0 }: Wanted, options: IdentityOptions): string | undefined {
  const procRoot = options.procRoot ?? "/proc";
  const leader = childrenOf(wrapperPid, procRoot)
    .flatMap((holder) => childrenOf(holder, procRoot))
    .find((pid) => readProcessStat(pid, options)?.sessionId === pid);
  try {
    return leader === undefined ? undefined : readlinkSync(join(procRoot, String(leader), "fd", "0"));
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number, procRoot: string): number[] {
  try {
    const text = readFileSync(join(procRoot, String(pid), "task", String(pid), "children"), "latin1");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function look(stat: ProcessStat, lookup: Lookup): void {
  if (Number(stat.startTime) < lookup.startTimeMin) return;
  const bySession = lookup.bySession.get(stat.sessionId) ?? lookup.bySession.get(stat.groupId);
  if (bySession?.wrapperAlive === true) {
    bySession.found.push(describe(stat, "session", bySession, lookup));
    return;
  }
  const marked = byMark(stat.pid, lookup);
  if (marked !== undefined) {
    const [wanted, foundBy] = marked;
    wanted.found.push(describe(stat, foundBy, wanted, lookup));
    if (wanted === bySession) wanted.sessionProven = true;
  } else if (bySession !== undefined) {
    // The wrapper is dead and its pid may be somebody else's by now. While one member lives the
    // kernel gives the number to nobody, so one proven member proves the others.
    bySession.doubtful.push(describe(stat, "session", bySession, lookup));
  }
}

function byMark(pid: number, lookup: Lookup): [Wanted, FoundBy] | undefined {
  const inCgroup = lookup.byCgroupPid.get(pid);
  if (inCgroup !== undefined) return [inCgroup, "cgroup"];
  const marker = markerOf(pid, lookup.procRoot);
  const marked = marker === undefined ? undefined : lookup.byMarker.get(marker);
  if (marked !== undefined) return [marked, "marker"];
  const writer = lookup.byOutput.size === 0 ? undefined : outputOf(pid, lookup);
  return writer === undefined ? undefined : [writer, "output"];
}

function describe(stat: ProcessStat, foundBy: FoundBy, wanted: Wanted, { procRoot }: Lookup): FoundProcess {
  return {
    pid: stat.pid,
    startTime: stat.startTime,
    name: stat.name,
    parentPid: stat.parentPid,
    groupId: stat.groupId,
    sessionId: stat.sessionId,
    stopped: isStopped(stat, procRoot),
    isWrapper: stat.pid === wanted.wrapperPid && stat.startTime === wanted.target.wrapper?.startTime,
    isHolder: false,
    foundBy,
  };
}

/**
 * Stopped, or about to be before it can do anything: who waits for a child to exec (`vfork`, as shells do it) is stopped
 * when that has come, which never comes while the child stands still.
 */
function isStopped({ pid, state }: ProcessStat, procRoot: string): boolean {
  if (state !== "D") return state === "T";
  try {
    const pending = /^ShdPnd:\s*([0-9a-f]+)$/m.exec(readFileSync(join(procRoot, String(pid), "status"), "latin1"))?.[1];
    return (BigInt(`0x${pending ?? "0"}`) & STOP_SIGNALS) !== 0n;
  } catch {
    return false;
  }
}

function markerOf(pid: number, procRoot: string): string | undefined {
  return variableOf(pid, "AITHER_ATTEMPT", procRoot);
}

/** As the process had it when it began. */
function variableOf(pid: number, name: string, procRoot: string): string | undefined {
  let environ: string;
  try {
    environ = readFileSync(join(procRoot, String(pid), "environ"), "utf8");
  } catch {
    return undefined;
  }
  const mark = `${name}=`;
  const at = environ.startsWith(mark) ? 0 : environ.indexOf(`\0${mark}`) + 1;
  if (at === 0 && !environ.startsWith(mark)) return undefined;
  const start = at + mark.length;
  const end = environ.indexOf("\0", start);
  return environ.slice(start, end < 0 ? undefined : end);
}

/** Only writers: somebody who reads the log (a pager, another daemon's tail) is not the script. */
function outputOf(pid: number, lookup: Lookup): Wanted | undefined {
  const dir = join(lookup.procRoot, String(pid));
  let fds: string[];
  try {
    fds = readdirSync(join(dir, "fd"));
  } catch {
    return undefined;
  }
  for (const fd of fds) {
    try {
      const wanted = lookup.byOutput.get(readlinkSync(join(dir, "fd", fd)));
      if (wanted !== undefined && isOpenForWriting(join(dir, "fdinfo", fd))) return wanted;
    } catch {
      continue;
    }
  }
  return undefined;
}

function isOpenForWriting(fdinfoPath: string): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(fdinfoPath, "latin1"));
  return (Number.parseInt(flags?.[1] ?? "0", 8) & 0o3) !== 0;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
