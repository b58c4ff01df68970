/** Kills at random. Every choice comes from the seed; only when exactly it hits is the machine's affair. */
import { setTimeout as delay } from "node:timers/promises";
import type { Prng } from "../../simulation/prng.ts";
import type { Daemon } from "../../rig/daemon.ts";
import { waitFor } from "../../rig/wait.ts";
import type { Diary } from "./diary.ts";
import type { Harm } from "./history.ts";
import { PATIENCE_MS } from "./patience.ts";
import { claimsWithoutIntent } from "./intents.ts";
import { allProcesses, daemonsOf, runningAttempts, signal, spawnerOf } from "./machine.ts";

export type Victim = "daemon" | "spawner" | "wrapper" | "script" | "group" | "stop";

export type ChaosOptions = {
  readonly daemon: Daemon;
  readonly diary: Diary;
  readonly prng: Prng;
  /** A name may come more than once: then it is chosen more often. */
  readonly victims: readonly Victim[];
  readonly meanMs: number;
  /** How long one stop in ten lasts; the others are short. */
  readonly stopMsLong: number;
  /** Grows with whatever scripts do: lives that are all too short for it would be a standstill. */
  readonly progress: () => number;
  /** Called after each death of the daemon, before the next one is started: what else a crash does. */
  readonly whileDead?: () => Promise<void>;
};

/** A shorter life than a start takes would be a standstill, not a test. */
const LIFE_MS_MIN = 150;
/** What a start takes when the machine has nothing else to do. */
const QUIET_START_MS = 350;
/** A start that takes longer than this many quiet ones is waited for by `#standstill`. */
const SLOWNESS_MAX = 20;
const READY_SLOWNESS_MAX = 3;
/** So many deaths may come before scripts have moved at all, as when recovery itself is cut short again and again. */
const IDLE_DEATHS_MAX = 2;
const PROGRESS_PATIENCE_MS = 60_000;
const STOP_MS_SHORT = 1_000;

export class Chaos {
  readonly #options: ChaosOptions;
  #ours = false;
  /** How much longer a start takes here and now than on a quiet machine: lives must be longer by as much. */
  #slowness = 1;
  #seen = 0;
  #idleDeaths = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  /** Goes on until it is told to stop; leaves a daemon that answers. */
  async run(until: () => boolean): Promise<void> {
    const { daemon, prng, victims } = this.#options;
    this.#watch();
    while (!until()) {
      // All choices of a round are made before anything happens, so that the sequence is the seed's.
      const round = {
        waitMs: this.#waitMs(),
        victim: prng.pick(victims),
        which: prng.next(),
        fromReady: prng.chance(0.7),
        downMs: prng.chance(0.3) ? prng.int(0, 800) : 0,
        stopMs: this.#stopMs(),
      };
      if (round.fromReady) await ready(daemon);
      // One that answers has its start behind it.
      await delay(round.waitMs * (round.fromReady ? Math.min(READY_SLOWNESS_MAX, this.#slowness) : this.#slowness));
      if (round.victim === "daemon") await this.#standstill(until);
      if (until()) break;
      this.#look();
      await this.#strike(round);
    }
    await ready(daemon);
    this.#ours = true;
  }

  /**
   * However busy the machine is, jobs come to their end: a daemon is not killed again before its scripts have moved, once
   * that did not happen for a few lives. When that is, is no choice: the sequence stays the seed's.
   */
  async #standstill(until: () => boolean): Promise<void> {
    const { progress } = this.#options;
    const moved = (): boolean => progress() > this.#seen;
    if (!moved()) this.#idleDeaths += 1;
    if (this.#idleDeaths > IDLE_DEATHS_MAX) {
      await waitFor("scripts to move", () => moved() || until(), PROGRESS_PATIENCE_MS).catch(() => undefined);
    }
    if (moved()) this.#idleDeaths = 0;
    this.#seen = progress();
  }

  async #strike(round: { victim: Victim; which: number; downMs: number; stopMs: number }): Promise<void> {
    const { daemon, diary } = this.#options;
    const { victim } = round;
    if (victim === "daemon") {
      await this.killDaemon(round.downMs);
      return;
    }
    if (victim === "stop") {
      if (!signal(daemon.pid, "SIGSTOP")) return;
      diary.killed("stop");
      await delay(round.stopMs);
      signal(daemon.pid, "SIGCONT");
      return;
    }
    if (victim === "spawner") {
      const pid = spawnerOf(daemon.pid);
      if (pid !== undefined && signal(pid, "SIGKILL")) diary.killed("spawner");
      return;
    }
    this.#harm(victim, round.which);
  }

  async killDaemon(downMs: number): Promise<void> {
    const { daemon, diary, whileDead } = this.#options;
    this.#ours = true;
    await daemon.kill();
    diary.killed("daemon");
    diary.withoutIntent.push(...claimsWithoutIntent(daemon.workspace.places.state));
    await whileDead?.();
    if (downMs > 0) await delay(downMs);
    await daemon.spawn();
    this.#watch();
    const before = performance.now();
    // Not waited for: it may be killed before it answers. Whenever one does, it has told how fast this machine is.
    void ready(daemon).then(
      () => (this.#slowness = Math.min(SLOWNESS_MAX, Math.max(1, (performance.now() - before) / QUIET_START_MS))),
      () => undefined,
    );
  }

  #harm(victim: Extract<Victim, Harm>, which: number): void {
    const { daemon, diary } = this.#options;
    const running = runningAttempts(daemon.workspace.places.state);
    const one = running[Math.floor(which * running.length)];
    if (one === undefined) return;
    if (victim === "script") {
      const script = allProcesses().find(({ parentPid }) => parentPid === one.pid);
      if (script === undefined) return;
      diary.harm(one.marker, "script");
      if (signal(script.pid, "SIGKILL")) diary.killed("script");
      return;
    }
    diary.harm(one.marker, victim);
    if (signal(victim === "group" ? -one.pid : one.pid, "SIGKILL")) diary.killed(victim);
  }

  /** A daemon that ends although nobody killed it has found a bug of ours. */
  #watch(): void {
    const { daemon, diary } = this.#options;
    this.#ours = false;
    daemon.onExit((code, by) => {
      if (!this.#ours) diary.unaskedEnds.push(`${code ?? by}`);
    });
  }

  #look(): void {
    const { daemon, diary } = this.#options;
    diary.daemonsAtOnce = Math.max(diary.daemonsAtOnce, daemonsOf(daemon.workspace.places.lock).length);
  }

  #stopMs(): number {
    const roll = this.#options.prng.next();
    return roll < 0.1 ? this.#options.stopMsLong : Math.round(50 + roll * STOP_MS_SHORT);
  }

  #waitMs(): number {
    const { prng, meanMs } = this.#options;
    const rest = Math.max(1, meanMs - LIFE_MS_MIN);
    return LIFE_MS_MIN + Math.min(5 * rest, Math.round(-Math.log(1 - prng.next()) * rest));
  }
}

export async function ready(daemon: Daemon): Promise<void> {
  await waitFor(
    "a daemon that answers",
    async () => (await daemon.ask("GET", "/api/health").catch(() => null))?.status === 200,
    PATIENCE_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${daemon.story().slice(-20_000)}`);
  });
}
