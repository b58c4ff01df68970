import type { AttemptRef, Handle, ScriptPlan } from "@aither/protocol";
import type { Faults } from "./faults.ts";
import type { AttemptName, History } from "./history.ts";
import type { Prng } from "./prng.ts";
import type { Schedule } from "./schedule.ts";

/** What the files of an attempt say, and what runs of it. All of it outlives the daemon. */
export type Attempt = {
  readonly ref: AttemptRef;
  claim: "none" | "fence" | { readonly handle: Handle };
  exit: { readonly code: number; readonly endedAtMs: number } | null;
  process: Process | null;
};

type Process = {
  readonly pid: number;
  readonly deaf: boolean;
  wrapperAlive: boolean;
  alive: boolean;
  frozen: boolean;
  /** It writes nothing: what hangs, and now and then another. */
  readonly mute: boolean;
  readonly startedAtMs: number;
  frozenAtMs: number | null;
  frozenMs: number;
  /** Ends that came while it stood still. */
  readonly heldUp: { readonly delayMs: number; readonly code: number }[];
};

/** What became of an attempt, as an executor can find out from its files and from the process table. */
export type Finding =
  | { readonly is: "unclaimed" }
  | { readonly is: "fenced" }
  | { readonly is: "alive"; readonly handle: Handle }
  | { readonly is: "exited"; readonly handle: Handle; readonly code: number; readonly endedAtMs: number }
  | { readonly is: "vanished"; readonly evidence: string };

/** The machine: clocks, claims, wrappers, scripts. It goes on while daemons come and go. */
export class Machine {
  faults: Faults;
  readonly #schedule: Schedule;
  readonly #history: History;
  readonly #prng: Prng;
  readonly #attempts = new Map<string, Attempt>();
  #boot = 1;
  #bootedAtMs = -1_000;
  #wallOffsetMs = 1_750_000_000_000;
  #lastPid = 100;
  /** Who is told that something about an attempt changed; the daemon's watches. */
  onChange: (ref: AttemptRef) => void = () => {};

  constructor(options: { schedule: Schedule; history: History; prng: Prng; faults: Faults }) {
    this.#schedule = options.schedule;
    this.#history = options.history;
    this.#prng = options.prng;
    this.faults = options.faults;
  }

  get bootId(): string {
    return `boot-${this.#boot}`;
  }

  get wallMs(): number {
    return this.#schedule.nowMs + this.#wallOffsetMs;
  }

  get monotonicMs(): number {
    return this.#schedule.nowMs - this.#bootedAtMs;
  }

  /** Sets the wall clock. A machine that slept looks just so: the other clocks stood still. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs;
    this.#history.note(`the wall clock jumps by ${byMs} ms`);
  }

  reboot(): void {
    this.#boot++;
    this.#bootedAtMs = this.#schedule.nowMs;
    for (const attempt of this.#attempts.values()) {
      if (attempt.process === null) continue;
      // Nobody syncs a claim, and the exit of a script only who tells of it: of both some may be gone, of the dead, too.
      if (this.#prng.chance(this.faults.claimForgotten)) this.#forget(attempt);
      if (attempt.process.alive) this.#end(attempt, attempt.process, { exitCode: null, recorded: false });
    }
    this.#history.add({ is: "rebooted" });
  }

  #forget(attempt: Attempt): void {
    attempt.claim = "none";
    attempt.exit = null;
    this.#history.add({ is: "forgotten", attempt: named(attempt.ref) });
  }

  find(ref: AttemptRef): Finding {
    const attempt = this.#attempt(ref);
    const { claim, exit, process } = attempt;
    if (claim === "none") return { is: "unclaimed" };
    if (claim === "fence") return { is: "fenced" };
    if (exit !== null) return { is: "exited", handle: claim.handle, ...exit };
    if (process?.alive) return { is: "alive", handle: claim.handle };
    return { is: "vanished", evidence: "no exit record and no process" };
  }

  /** False when somebody was first. */
  fence(ref: AttemptRef): boolean {
    const attempt = this.#attempt(ref);
    if (attempt.claim !== "none") return false;
    attempt.claim = "fence";
    return true;
  }

  /** A wrapper is on its way. It comes even when the daemon that sent it is dead by then, but not over a reboot. */
  spawn(ref: AttemptRef, script: ScriptPlan): void {
    const boot = this.#boot;
    this.#schedule.in(
      this.#prng.delay(3_000),
      `wrapper of ${nameOf(ref)}`,
      () => this.#claim(ref, script),
      () => this.#boot !== boot,
    );
  }

  signal(ref: AttemptRef, handle: Handle, signal: string): void {
    const attempt = this.#attempt(ref);
    const process = attempt.process;
    this.#history.add({ is: "signalled", attempt: named(ref), signal });
    if (!process?.alive || process.pid !== handle.pid || handle.bootId !== this.bootId) return;
    // Whoever is asked to end must be awake to do so.
    this.#thaw(attempt, process);
    if (signal !== "KILL" && process.deaf) return;
    const code = signal === "KILL" ? 137 : signal === "INT" ? 130 : 143;
    const delayMs = signal === "KILL" ? this.#prng.int(0, 50) : this.#prng.int(0, 1_500);
    this.#later(attempt, process, { delayMs, code });
  }

  /** STOP or CONT for the whole tree. */
  freeze(ref: AttemptRef, handle: Handle, frozen: boolean): void {
    const attempt = this.#attempt(ref);
    const process = attempt.process;
    if (!process?.alive || process.pid !== handle.pid || handle.bootId !== this.bootId) return;
    if (frozen) {
      process.frozen = true;
      process.frozenAtMs ??= this.#schedule.nowMs;
    } else this.#thaw(attempt, process);
  }

  #thaw(attempt: Attempt, process: Process): void {
    process.frozen = false;
    if (process.frozenAtMs !== null) process.frozenMs += this.#schedule.nowMs - process.frozenAtMs;
    process.frozenAtMs = null;
    for (const how of process.heldUp.splice(0)) this.#later(attempt, process, { delayMs: 0, code: how.code });
  }

  /** For how long it was awake and wrote nothing; null when nothing runs. */
  silentMs(ref: AttemptRef): number | null {
    const { process } = this.#attempt(ref);
    if (!process?.alive) return null;
    if (!process.mute) return 0;
    return (process.frozenAtMs ?? this.#schedule.nowMs) - process.startedAtMs - process.frozenMs;
  }

  /** Every process that runs now. */
  alive(): AttemptRef[] {
    return [...this.#attempts.values()].filter((one) => one.process?.alive).map((one) => one.ref);
  }

  /** Whatever hangs is ended by somebody, so that a run comes to its end. */
  calm(): void {
    for (const attempt of this.#attempts.values()) {
      const process = attempt.process;
      if (process?.alive) {
        this.#later(attempt, process, { delayMs: this.#prng.int(0, 120_000), code: 1 });
      }
    }
  }

  #claim(ref: AttemptRef, script: ScriptPlan): void {
    const attempt = this.#attempt(ref);
    if (attempt.claim !== "none") return;
    const pid = ++this.#lastPid;
    const handle: Handle = {
      bootId: this.bootId,
      pid,
      startTime: String(this.monotonicMs),
      startedAtMs: this.wallMs,
      startedMonotonicMs: this.monotonicMs,
    };
    const hung = this.#prng.chance(this.faults.hung);
    const process: Process = {
      pid,
      deaf: this.#prng.chance(this.faults.deaf),
      wrapperAlive: true,
      alive: true,
      frozen: false,
      mute: hung || pid % 3 === 0,
      startedAtMs: this.#schedule.nowMs,
      frozenAtMs: null,
      frozenMs: 0,
      heldUp: [],
    };
    attempt.claim = { handle };
    attempt.process = process;
    this.#history.add({ is: "process-started", attempt: named(ref), pid, mute: process.mute });
    this.onChange(ref);
    const code = this.#prng.chance(this.faults.exitNonZero)
      ? this.#prng.int(1, 5)
      : this.#prng.pick([0, 0, 0, ...script.successExitCodes]);
    const lastsMs = this.#prng.chance(0.5) ? this.#prng.delay(500) : this.#prng.int(0, 30_000);
    if (!hung) this.#later(attempt, process, { delayMs: lastsMs, code });
    if (this.#prng.chance(this.faults.wrapperKilled)) {
      this.#schedule.in(this.#prng.int(0, 10_000), `kill wrapper of ${nameOf(ref)}`, () => {
        process.wrapperAlive = false;
        this.onChange(ref);
      });
    }
  }

  #later(attempt: Attempt, process: Process, how: { delayMs: number; code: number }): void {
    this.#schedule.in(
      how.delayMs,
      `end of ${nameOf(attempt.ref)}`,
      () => {
        if (process.frozen) process.heldUp.push(how);
        else this.#end(attempt, process, { exitCode: how.code, recorded: process.wrapperAlive });
      },
      () => !process.alive,
    );
  }

  #end(attempt: Attempt, process: Process, how: { exitCode: number | null; recorded: boolean }): void {
    process.alive = false;
    const { exitCode, recorded } = how;
    if (recorded && exitCode !== null) attempt.exit = { code: exitCode, endedAtMs: this.wallMs };
    this.#history.add({
      is: "process-ended",
      attempt: named(attempt.ref),
      pid: process.pid,
      exitCode,
      recorded,
    });
    this.onChange(attempt.ref);
  }

  #attempt(ref: AttemptRef): Attempt {
    const name = nameOf(ref);
    let attempt = this.#attempts.get(name);
    if (attempt === undefined) {
      attempt = { ref, claim: "none", exit: null, process: null };
      this.#attempts.set(name, attempt);
    }
    return attempt;
  }
}

export function nameOf(ref: AttemptRef): string {
  return `${ref.jobId} ${ref.script}#${ref.attempt}`;
}

function named(ref: AttemptRef): AttemptName {
  return { jobId: ref.jobId, script: ref.script, attempt: ref.attempt };
}
