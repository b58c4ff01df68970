/**
 * Who is still there when a script has ended? A look at every process takes milliseconds, and scripts end by the
 * hundred, so each process is looked at once when it is new and then remembered for a while: what it tells, its start and
 * its session, does not change. A look costs a listing of `/proc` and the few processes that came since the last one,
 * and scripts that end within a few milliseconds share it.
 *
 * This is for telling people. Whoever kills looks at everything anew (`findScripts`).
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import {
  cgroupPids,
  findScripts,
  readProcessStat,
  type AttemptTarget,
  type IdentityOptions,
  type ProcessRef,
} from "@aither/supervise";

/** A pid given to another process between two looks is found out after this. */
const REMEMBER_MS = 5_000;
/** Looks are at least so far apart; one after a pause waits for nothing. */
const LOOK_GAP_MS = 15;
/** How often those are looked at that are waited for. */
const REST_POLL_MS = 100;

type Seen = {
  readonly startTime: number;
  readonly session: number;
  readonly group: number;
  readonly seenAtMs: number;
  /** The attempt that its environment names, null when it names none; undefined before anybody asked. */
  marker: string | null | undefined;
};

export class Leftovers {
  readonly #identity: IdentityOptions;
  readonly #seen = new Map<number, Seen>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #next: Promise<void> | undefined;
  /** Wrappers of attempts that run: who is in their sessions is theirs. */
  readonly #sessions = new Set<number>();

  constructor(identity: IdentityOptions) {
    this.#identity = identity;
  }

  /** Tells whose session is whose; returns how to forget it. */
  claimed(wrapper: ProcessRef): () => void {
    this.#sessions.add(wrapper.pid);
    return () => this.#sessions.delete(wrapper.pid);
  }

  /** Pids of live processes of this attempt, its wrapper left out. */
  async of(target: AttemptTarget & { readonly wrapper: ProcessRef }): Promise<number[]> {
    if (process.platform !== "linux") {
      return (await findScripts(target, this.#identity)).map(({ pid }) => pid);
    }
    await this.#look();
    const { wrapper, marker, cgroupDir } = target;
    const since = Number(wrapper.startTime);
    // Whoever is in its group is its own beyond doubt, also without any other mark; zombies are not told in there.
    const found = new Set(cgroupDir === undefined ? [] : cgroupPids(cgroupDir));
    for (const [pid, seen] of this.#seen) {
      if (seen.startTime < since || pid === wrapper.pid) continue;
      const inSession = seen.session === wrapper.pid || seen.group === wrapper.pid;
      if (!inSession && (this.#sessions.has(seen.session) || markerOf(pid, seen) !== marker)) continue;
      if (this.#isAlive(pid, seen)) found.add(pid);
    }
    return [...found];
  }

  /**
   * Who is left of a script that has ended. Whoever was asked to stop with it has the same time for it, and is waited
   * for: the engine's deadline ends that by force. So nobody outlives a cancel or a time limit by ignoring TERM.
   */
  async after(target: AttemptTarget & { readonly wrapper: ProcessRef }, isStopping: () => boolean): Promise<number[]> {
    for (;;) {
      const isLast = !isStopping();
      const found = await this.of(target);
      if (found.length === 0 || isLast) return found;
      await delay(REST_POLL_MS, undefined, { ref: false });
    }
  }

  /** A look that began after this call; all who ask before it begins share it. */
  async #look(): Promise<void> {
    const waitMs = this.#lookedAtMs + LOOK_GAP_MS - performance.now();
    if (waitMs <= 0 && this.#next === undefined) return this.#lookNow();
    this.#next ??= delay(Math.max(1, waitMs)).then(() => {
      this.#next = undefined;
      this.#lookNow();
    });
    return this.#next;
  }

  #lookNow(): void {
    const nowMs = performance.now();
    this.#lookedAtMs = nowMs;
    const present = new Set<number>();
    for (const name of readdirSync("/proc")) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid) continue;
      present.add(pid);
      const known = this.#seen.get(pid);
      if (known !== undefined && nowMs - known.seenAtMs < REMEMBER_MS) continue;
      const stat = readProcessStat(pid, this.#identity);
      if (stat === undefined) continue;
      const { sessionId: session, groupId: group } = stat;
      this.#seen.set(pid, { startTime: Number(stat.startTime), session, group, seenAtMs: nowMs, marker: undefined });
    }
    for (const pid of this.#seen.keys()) if (!present.has(pid)) this.#seen.delete(pid);
  }

  #isAlive(pid: number, seen: Seen): boolean {
    const stat = readProcessStat(pid, this.#identity);
    return stat !== undefined && Number(stat.startTime) === seen.startTime && !/^[ZXx]$/.test(stat.state);
  }
}

/** A process has the environment that it began with, so one reading serves all scripts that end meanwhile. */
function markerOf(pid: number, seen: Seen): string | null {
  if (seen.marker === undefined) seen.marker = readMarker(pid);
  return seen.marker;
}

function readMarker(pid: number): string | null {
  try {
    return /(?:^|\0)AITHER_ATTEMPT=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, "utf8"))?.[1] ?? null;
  } catch {
    // It is gone, or another user's.
    return null;
  }
}
