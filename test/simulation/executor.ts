import type { Observation } from "@aither/core";
import type { EnsureRequest, Executor } from "@aither/engine";
import type { AttemptRef } from "@aither/protocol";
import { cellsToldAt } from "./dynamic.ts";
import type { History } from "./history.ts";
import type { Life } from "./life.ts";
import { nameOf, type Machine } from "./machine.ts";
import type { Prng } from "./prng.ts";
import type { Schedule } from "./schedule.ts";

const claimPatienceMs = 10_000;

/** The local executor of one life of the daemon: same duties and same knowledge as the real one, other files. */
export class SimulatedExecutor implements Executor {
  readonly name = "local";
  readonly slots = 64;
  readonly #life: Life;
  readonly #schedule: Schedule;
  readonly #history: History;
  readonly #machine: Machine;
  readonly #prng: Prng;
  readonly #watched = new Map<
    string,
    { readonly inherited: boolean; readonly limitMs: number | undefined; seen: boolean }
  >();
  /** Requests about one attempt are worked off in their order, however long one takes. */
  #busyUntilMs = 0;
  #listener: (observation: Observation) => void = () => {};

  constructor(options: { life: Life; schedule: Schedule; history: History; machine: Machine; prng: Prng }) {
    this.#life = options.life;
    this.#schedule = options.schedule;
    this.#history = options.history;
    this.#machine = options.machine;
    this.#prng = options.prng;
  }

  onObservation(listener: (observation: Observation) => void): void {
    this.#listener = listener;
  }

  ensure(request: EnsureRequest): void {
    const { ref, mayStart } = request;
    const attempt = { jobId: ref.jobId, script: ref.script, attempt: ref.attempt };
    this.#history.add({ is: "ensured", life: this.#life.number, attempt, mayStart });
    this.#inOrder(`ensure ${nameOf(ref)}`, () => this.#ensure(request));
  }

  signal(request: Parameters<Executor["signal"]>[0]): void {
    const { ref, handle, signal } = request;
    this.#inOrder(`${signal} ${nameOf(ref)}`, () => this.#machine.signal(ref, handle, signal));
  }

  freeze(request: Parameters<Executor["freeze"]>[0]): void {
    const { ref, handle, frozen } = request;
    this.#inOrder(`${frozen ? "freeze" : "thaw"} ${nameOf(ref)}`, () => this.#machine.freeze(ref, handle, frozen));
  }

  release(ref: AttemptRef): void {
    this.#watched.delete(nameOf(ref));
  }

  /** The machine's doorbell. */
  changed(ref: AttemptRef): void {
    const watched = this.#watched.get(nameOf(ref));
    if (watched !== undefined) this.#soon(`look at ${nameOf(ref)}`, () => this.#look(ref));
  }

  #ensure(request: EnsureRequest): void {
    const { ref, script, mayStart, started, recovering, scheduledIn } = request;
    const name = nameOf(ref);
    const first = !this.#watched.has(name);
    if (first) this.#watched.set(name, { inherited: recovering, limitMs: script.noOutputTimeoutMs, seen: false });
    const found = this.#machine.find(ref);
    if (found.is !== "unclaimed") return this.#look(ref);
    if (started) {
      // Its claim went with the machine that ran it.
      return this.#report({ is: "lost", ref, evidence: "no claim, although it was seen to run" });
    }
    if (scheduledIn !== null && scheduledIn !== this.#machine.bootId) {
      return this.#report({ is: "lost", ref, evidence: "no claim, and the machine was restarted meanwhile" });
    }
    if (recovering || !mayStart) return this.#fence(ref);
    if (first) this.#start(ref, script);
  }

  #start(ref: AttemptRef, script: EnsureRequest["script"]): void {
    const { faults } = this.#machine;
    if (this.#prng.chance(faults.spawnFails)) {
      this.#machine.fence(ref);
      return this.#report({ is: "spawn-failed", ref, message: "fork: Resource temporarily unavailable" });
    }
    if (!this.#prng.chance(faults.spawnLost)) this.#machine.spawn(ref, script);
    this.#after(claimPatienceMs, `patience with ${nameOf(ref)}`, () => {
      if (this.#watched.has(nameOf(ref)) && this.#machine.find(ref).is === "unclaimed") this.#fence(ref);
    });
  }

  #fence(ref: AttemptRef): void {
    if (this.#machine.fence(ref)) this.#report({ is: "not-started", ref });
    else this.#look(ref);
  }

  #look(ref: AttemptRef): void {
    const watched = this.#watched.get(nameOf(ref));
    if (watched === undefined) return;
    const found = this.#machine.find(ref);
    switch (found.is) {
      case "unclaimed":
        return;
      case "fenced":
        return this.#report({ is: "not-started", ref });
      case "alive": {
        if (watched.seen) return;
        watched.seen = true;
        if (watched.limitMs !== undefined) this.#listen(ref, watched.limitMs);
        const is = watched.inherited ? "adopted" : "started";
        return this.#report({ is, ref, handle: found.handle });
      }
      case "exited":
        return this.#report({
          is: "exited",
          ref,
          exitCode: found.code,
          signal: signalOf(found.code),
          endedAtMs: found.endedAtMs,
          handle: found.handle,
          outputs: { cells: cellsToldAt(found.endedAtMs) },
          leftovers: [],
        });
      case "vanished":
        return this.#report({ is: "lost", ref, evidence: found.evidence });
    }
  }

  /** As long as it runs and is watched, its silence is told; again and again, for nobody may have listened. */
  #listen(ref: AttemptRef, limitMs: number): void {
    const silentMs = this.#machine.silentMs(ref);
    const leftMs = Math.max(100, limitMs - (silentMs ?? 0));
    if (silentMs !== null && silentMs >= limitMs) this.#report({ is: "silent", ref });
    this.#after(silentMs !== null && silentMs >= limitMs ? limitMs : leftMs, `listen to ${nameOf(ref)}`, () => {
      if (this.#watched.has(nameOf(ref)) && this.#machine.silentMs(ref) !== null) this.#listen(ref, limitMs);
    });
  }

  #report(observation: Observation): void {
    const { faults } = this.#machine;
    const lateMs = this.#prng.chance(faults.reportLate) ? 8_000 : 30;
    this.#after(this.#prng.delay(lateMs), `report ${observation.is}`, () => this.#tell(observation));
    if (this.#prng.chance(faults.reportTwice)) {
      const againMs = this.#prng.delay(20_000);
      this.#after(againMs, `report ${observation.is} again`, () => this.#tell(observation));
    }
  }

  #tell(observation: Observation): void {
    this.#history.note(`observed ${JSON.stringify(observation)}`);
    this.#listener(observation);
  }

  #inOrder(what: string, work: () => void): void {
    const atMs = Math.max(this.#busyUntilMs, this.#schedule.nowMs + this.#prng.delay(100));
    // Two steps of the same moment come in any order, so each gets a moment of its own.
    this.#busyUntilMs = atMs + 0.001;
    this.#after(atMs - this.#schedule.nowMs, what, work);
  }

  #soon(what: string, work: () => void): void {
    this.#after(this.#prng.delay(60), what, work);
  }

  #after(delayMs: number, what: string, work: () => void): void {
    this.#schedule.in(delayMs, what, work, () => this.#life.over);
  }
}

function signalOf(code: number): string | null {
  if (code === 137) return "KILL";
  if (code === 143) return "TERM";
  return code === 130 ? "INT" : null;
}
