import { hasEnded, type JobState } from "@aither/core";
import { Engine, type EngineOptions, type StartRequest } from "@aither/engine";
import type { JobId, Problem } from "@aither/protocol";
import { Disk } from "./disk.ts";
import { SimulatedExecutor } from "./executor.ts";
import { calm, drawFaults, type Faults } from "./faults.ts";
import { History } from "./history.ts";
import type { Life } from "./life.ts";
import { Machine } from "./machine.ts";
import { Prng } from "./prng.ts";
import { Schedule } from "./schedule.ts";
import { Watcher } from "./watcher.ts";
import { drawCommand, drawStart } from "./workload.ts";

/** Changes what an engine is made of; how bugs are planted. */
export type Tamper = (options: EngineOptions, world: World) => EngineOptions;

type Client = {
  readonly request: StartRequest;
  jobId: JobId | null;
  /** The life that has the request in hand; its answer may never come. */
  asked: number | null;
};

/** One simulated home with everything in and around it. All chance comes from one seed. */
export class World {
  readonly history: History;
  readonly schedule: Schedule;
  readonly disk: Disk;
  readonly machine: Machine;
  readonly slots: number;
  readonly clients: Client[] = [];
  readonly watchers: Watcher[] = [];
  /** Bugs that showed themselves as thrown errors. */
  readonly thrown: string[] = [];
  readonly #prng: Prng;
  readonly #tamper: Tamper;
  #faults: Faults;
  #life: Life = { number: 0, over: true };
  #engine: Engine | null = null;
  #executor: SimulatedExecutor | null = null;
  #open = false;
  #lastNumber = 0;
  #calm = false;

  constructor(options: { seed: number; trace: ((line: string) => void) | null; tamper: Tamper }) {
    const prng = new Prng(options.seed);
    this.#prng = prng.fork();
    this.#tamper = options.tamper;
    this.#faults = drawFaults(prng);
    this.slots = prng.int(1, 4);
    this.schedule = new Schedule(prng.fork());
    this.history = new History({ now: () => this.schedule.nowMs, trace: options.trace });
    const { schedule, history } = this;
    this.disk = new Disk({ schedule, history, prng: prng.fork() });
    this.disk.failing = this.#faults.diskFails;
    this.machine = new Machine({ schedule, history, prng: prng.fork(), faults: this.#faults });
    this.machine.onChange = (ref) => this.#executor?.changed(ref);
    this.history.note(`slots ${this.slots}, faults ${JSON.stringify(this.#faults)}`);
    this.#populate(prng.fork());
    this.#boot();
  }

  /** Before a step of the stormy half: what may come between any two. Crashes, and clocks that jump. */
  storm(): void {
    const faults = this.#faults;
    if (!this.#life.over && this.#prng.chance(faults.crash)) {
      this.crash(this.#prng.chance(faults.reboot) ? "reboot" : "kill -9");
    }
    if (this.#prng.chance(faults.clockJump)) this.machine.jump(this.#prng.int(-600_000, 3_600_000));
  }

  /** From here on nothing goes wrong any more, and whoever paused a job lets it go on. */
  calmDown(): void {
    this.#calm = true;
    this.#faults = calm;
    this.machine.faults = calm;
    this.disk.failing = 0;
    this.machine.calm();
    this.history.add({ is: "calm" });
    this.#resumeAll();
  }

  /** Every job that anybody asked for has ended, nothing runs, and everybody knows. */
  get atRest(): boolean {
    return (
      this.#open &&
      this.clients.every(({ jobId }) => jobId !== null && this.#hasEnded(jobId)) &&
      this.disk.jobs().every((jobId) => this.#hasEnded(jobId) && !this.disk.isActive(jobId)) &&
      this.machine.alive().length === 0 &&
      this.watchers.every((watcher) => watcher.ended)
    );
  }

  /** Has a daemon recovered, and does it take commands? */
  get isOpen(): boolean {
    return this.#open;
  }

  /** What is not at rest, for a message. */
  restless(): string {
    const jobs = this.disk.jobs().filter((id) => !this.#hasEnded(id) || this.disk.isActive(id));
    const waiting = this.clients.filter(({ jobId }) => jobId === null).length;
    const watchers = this.watchers.filter(({ ended }) => !ended).map(({ number }) => number);
    const statuses = jobs.map((id) => `${id} ${this.#engine?.job(id)?.status ?? "unknown"}`);
    const alive = this.machine.alive().length;
    return `open: ${this.#open}, jobs: [${statuses.join(", ")}], unanswered: ${waiting}, watchers: [${watchers.join(", ")}], processes: ${alive}`;
  }

  crash(why: string): void {
    if (this.#life.over) return;
    this.#life.over = true;
    this.#open = false;
    this.#engine = null;
    this.#executor = null;
    this.history.add({ is: "crashed", life: this.#life.number, why });
    this.disk.crash();
    if (why === "reboot") this.machine.reboot();
    const downMs = this.#prng.chance(0.7) ? this.#prng.int(0, 200) : this.#prng.int(0, 60_000);
    this.schedule.in(downMs, "start the daemon", () => this.#boot());
  }

  #boot(): void {
    const life: Life = { number: this.#life.number + 1, over: false };
    const { schedule, history, machine } = this;
    const prng = this.#prng.fork();
    this.#life = life;
    this.#executor = new SimulatedExecutor({ life, schedule, history, machine, prng });
    history.add({ is: "booted", life: life.number, bootId: machine.bootId });
    const engine = new Engine(this.#tamper(this.#engineOptions(life, this.#executor), this));
    this.#engine = engine;
    engine.onPublished(({ position, event, state }) => {
      if (!life.over) {
        history.add({ is: "published", life: life.number, position, event, state });
        this.#hasten(state);
      }
    });
    engine.start().then(
      () => this.#opened(life, engine),
      (error: unknown) => this.#died(life, error),
    );
  }

  #engineOptions(life: Life, executor: SimulatedExecutor): EngineOptions {
    const { machine, schedule } = this;
    return {
      clock: {
        now: () => ({
          wallMs: machine.wallMs,
          monotonicMs: machine.monotonicMs,
          bootId: machine.bootId,
        }),
        after: (delayMs, callback) => {
          let forgotten = false;
          schedule.in(delayMs, "timer", callback, () => forgotten || life.over);
          return () => {
            forgotten = true;
          };
        },
      },
      journal: this.disk.port(life),
      executor,
      ids: {
        jobId: () => `job-${++this.#lastNumber}`,
        jobNumber: () => this.#lastNumber,
        daemonId: `daemon-${life.number}`,
      },
      slots: this.slots,
      onFatal: (error) => this.#died(life, error),
      downSince: null,
      watchEventsMax: 8,
    };
  }

  #opened(life: Life, engine: Engine): void {
    if (life.over) return;
    this.#open = true;
    this.history.add({ is: "open", life: life.number });
    for (const client of this.clients) {
      const isSure = client.jobId !== null && !this.#prng.chance(0.2);
      if (client.asked !== null && !isSure) this.#ask(client);
    }
    for (const watcher of this.watchers) {
      watcher.follow(life, engine).catch((error: unknown) => this.#bug(life, error));
    }
    if (this.#calm) this.#resumeAll();
  }

  #died(life: Life, error: unknown): void {
    if (life.over) return;
    if (!String(error).includes("EIO")) this.#bug(life, error);
    this.crash(`exit 74: ${String(error)}`);
  }

  #bug(life: Life, error: unknown): void {
    if (!life.over) this.thrown.push(error instanceof Error ? String(error.stack) : String(error));
  }

  /** Somebody was told that this is a bug of ours. */
  #internal(problem: Problem): void {
    if (problem.code === "AITHER_E_INTERNAL") this.thrown.push(problem.detail);
  }

  #populate(prng: Prng): void {
    const clients = prng.int(1, 4);
    for (let index = 0; index < clients; index++) {
      const client: Client = {
        request: drawStart(prng, `request-${index + 1}`),
        jobId: null,
        asked: null,
      };
      this.clients.push(client);
      this.schedule.in(prng.int(0, 20_000), "a client starts a job", () => {
        client.asked = 0;
        this.#ask(client);
      });
    }
    for (let count = prng.int(0, 12); count > 0; count--) {
      this.schedule.in(prng.int(0, 90_000), "somebody asks for something", () => this.#command());
    }
  }

  /** Starts a job, or asks again after a crash: a client does not know whether it was heard. */
  #ask(client: Client): void {
    const engine = this.#engine;
    const life = this.#life;
    if (!this.#open || engine === null) return;
    client.asked = life.number;
    const requestId = client.request.requestId ?? "";
    // What ended in an earlier life the engine does not know any more; a host looks into its store first.
    const before = this.disk.retired(requestId);
    if (before !== null && engine.job(before) === undefined) {
      client.jobId = before;
      return;
    }
    this.history.add({ is: "asked-start", requestId });
    const ask = (): Promise<void> =>
      engine.startJob({ ...client.request, prepare: () => this.#pauseFor(life, 20) }).then((outcome) => {
        if (life.over) return;
        this.history.add({ is: "answered-start", life: life.number, requestId, outcome });
        if (!outcome.ok) return this.#internal(outcome.problem);
        if (client.jobId === null) this.#follow(life, engine, outcome.value.id);
        client.jobId = outcome.value.id;
      });
    const asks = this.#prng.chance(0.3) ? 2 : 1;
    for (let count = 0; count < asks; count++) {
      ask().catch((error: unknown) => this.#bug(life, error));
    }
  }

  #follow(life: Life, engine: Engine, jobId: JobId): void {
    for (let count = this.#prng.int(0, 2); count > 0; count--) {
      const watcher = new Watcher({
        number: this.watchers.length + 1,
        jobId,
        fromStart: this.#prng.chance(0.5),
        history: this.history,
        pause: (during) => this.#pauseFor(during, this.#prng.chance(this.#faults.slowSubscriber) ? 20_000 : 1),
      });
      this.watchers.push(watcher);
      watcher.follow(life, engine).catch((error: unknown) => this.#bug(life, error));
    }
  }

  #hasten(state: JobState): void {
    if (this.#calm || !this.#prng.chance(this.#faults.hasty)) return;
    this.schedule.in(this.#prng.int(0, 3), "somebody is hasty", () => this.#command(state));
  }

  #command(about?: JobState): void {
    const engine = this.#engine;
    const life = this.#life;
    if (!this.#open || engine === null || this.#calm) return;
    const states = about === undefined ? [...engine.jobs()] : [about];
    if (states.length === 0) return;
    const state = this.#prng.pick(states);
    this.#submit({ life, engine, jobId: state.id, command: drawCommand(this.#prng, state) });
  }

  #submit(asked: { life: Life; engine: Engine; jobId: JobId; command: Parameters<Engine["submit"]>[1] }): void {
    const { life, engine, jobId, command } = asked;
    this.history.note(`asked ${jobId} ${JSON.stringify(command)}`);
    engine.submit(jobId, command).then(
      (outcome) => {
        if (life.over) return;
        this.history.add({ is: "answered", life: life.number, jobId, command, outcome });
        if (!outcome.ok) this.#internal(outcome.problem);
      },
      (error: unknown) => this.#bug(life, error),
    );
  }

  /** In the calm half somebody looks in now and then and lets paused jobs go on. */
  #resumeAll(): void {
    const engine = this.#engine;
    const life = this.#life;
    if (engine === null || !this.#open) return;
    for (const state of engine.jobs()) {
      if (state.status !== "Paused") continue;
      this.#submit({ life, engine, jobId: state.id, command: { is: "resume", by: "somebody" } });
    }
    this.schedule.in(
      120_000,
      "look in",
      () => this.#resumeAll(),
      () => life.over,
    );
  }

  #pauseFor(life: Life, longMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule.in(this.#prng.delay(longMs), "go on", resolve, () => life.over);
    });
  }

  #hasEnded(jobId: JobId): boolean {
    const state = this.#engine?.job(jobId);
    if (state !== undefined) return hasEnded(state);
    // It ended in an earlier life; what has ended is not among the active ones.
    return !this.disk.isActive(jobId);
  }
}
