import { hasEnded, type JobState, type Observation } from "@aither/core";
import { problem, type AttemptRef, type JobId, type Problem } from "@aither/protocol";
import { behaviour as realBehaviour, type Behaviour } from "./behaviour.ts";
import { Bus } from "./bus.ts";
import type { EngineFace, EngineOptions, JobCommand, Outcome, Published, StartRequest, WatchItem } from "./face.ts";
import { Jobs } from "./jobs.ts";
import { limits } from "./limits.ts";
import { Mailbox } from "./mailbox.ts";
import { Reactor, type Item } from "./reactor.ts";
import { Reconciler } from "./reconcile.ts";
import { readJobs } from "./recover.ts";
import { Timers } from "./timers.ts";
import { watchJob } from "./watch.ts";

/**
 * Owns all jobs of one home. Everything that could change one goes through the mailbox; everything that is known of
 * one is on disk. See README.md for the drawing.
 */
export class Engine implements EngineFace {
  readonly #options: EngineOptions;
  readonly #behaviour: Behaviour;
  readonly #jobs = new Jobs();
  readonly #bus: Bus;
  readonly #mailbox = new Mailbox<Item>(limits.mailboxItemsMax);
  readonly #timers: Timers;
  readonly #reconciler: Reconciler;
  readonly #reactor: Reactor;
  /** Starts whose first event is not on disk yet, so that a repeat meanwhile joins them. */
  readonly #starting = new Map<string, Promise<Outcome<JobState>>>();
  readonly #preparing = new Set<Promise<void>>();
  readonly #waiting = new Set<(outcome: Outcome<JobState>) => void>();
  #life: "new" | "recovering" | "open" | "stopping" | "failed" = "new";
  #running: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#behaviour = options.behaviour ?? realBehaviour;
    this.#bus = new Bus(options.watchEventsMax);
    const { clock, executor } = options;
    this.#timers = new Timers({ clock, fire: (id) => this.#timerFired(id) });
    this.#reconciler = new Reconciler({
      behaviour: this.#behaviour,
      executor,
      timers: this.#timers,
      refuse: (ref: AttemptRef, message: string) => this.#observe({ is: "spawn-failed", ref, message }),
    });
    this.#reactor = new Reactor({
      behaviour: this.#behaviour,
      clock,
      executor,
      journal: options.journal,
      jobs: this.#jobs,
      bus: this.#bus,
      mailbox: this.#mailbox,
      reconciler: this.#reconciler,
      slots: options.slots,
      pools: options.pools ?? {},
      onFatal: (error) => this.#fail(error),
    });
    executor.onObservation((observation) => this.#observe(observation));
  }

  async start(): Promise<void> {
    if (this.#life !== "new") throw new Error("an engine is started once");
    this.#life = "recovering";
    const states = await readJobs({ journal: this.#options.journal, behaviour: this.#behaviour });
    for (const state of states) {
      this.#jobs.set(state);
      if (!hasEnded(state)) this.#reconciler.inherit(state);
    }
    const { ids, downSince } = this.#options;
    const open = [...this.#jobs.open()];
    try {
      await this.#reactor.turn(
        open.map(({ id }) => {
          const input = { is: "daemon-started", jobId: id, daemonId: ids.daemonId, downSince } as const;
          return { is: "observation", observation: input };
        }),
      );
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    this.#life = "open";
    this.#running = this.#reactor.run().catch((error: unknown) => this.#fail(error));
  }

  async stop(): Promise<void> {
    if (this.#life === "open") this.#life = "stopping";
    await Promise.all(this.#preparing);
    this.#mailbox.close();
    this.#timers.close();
    await this.#running;
    this.#bus.close();
  }

  startJob(request: StartRequest): Promise<Outcome<JobState>> {
    const { requestId } = request;
    if (requestId === null) return this.#startJob(request);
    const known = this.#jobs.byRequest(requestId);
    if (known !== undefined) return Promise.resolve({ ok: true, value: known });
    const joined = this.#starting.get(requestId);
    if (joined !== undefined) return joined;
    const starting = this.#startJob(request).finally(() => this.#starting.delete(requestId));
    this.#starting.set(requestId, starting);
    return starting;
  }

  submit(jobId: JobId, command: JobCommand): Promise<Outcome<JobState>> {
    const refused = this.#refusal();
    return refused === null ? this.#ask({ jobId, command }) : Promise.resolve({ ok: false, problem: refused });
  }

  job(jobId: JobId): JobState | undefined {
    return this.#jobs.get(jobId);
  }

  jobs(): Iterable<JobState> {
    return this.#jobs.all();
  }

  watch(jobId: JobId, options: { after?: number; signal?: AbortSignal }): AsyncIterable<WatchItem> {
    const parts = {
      jobs: this.#jobs,
      bus: this.#bus,
      journal: this.#options.journal,
      behaviour: this.#behaviour,
    };
    return watchJob(parts, jobId, options);
  }

  onPublished(listener: (published: Published) => void): () => void {
    return this.#bus.listen(listener);
  }

  async #startJob(request: StartRequest): Promise<Outcome<JobState>> {
    const refused = this.#refusal();
    if (refused !== null) return { ok: false, problem: refused };
    const { prepare, ...rest } = request;
    const jobId = this.#options.ids.jobId();
    const number = this.#options.ids.jobNumber();
    // One that is taken is finished, also when the engine is asked to stop meanwhile.
    const preparing = (async () => prepare?.(jobId))();
    const waited = preparing.catch(() => {});
    this.#preparing.add(waited);
    try {
      await preparing;
      return await this.#ask({ jobId, command: { is: "start", jobId, number, ...rest } });
    } catch (error) {
      if (this.#options.isFatal?.(error) === true) this.#fail(error);
      return { ok: false, problem: problem("DISK_FAILED", String(error)) };
    } finally {
      this.#preparing.delete(waited);
    }
  }

  #ask(asked: Pick<Extract<Item, { is: "command" }>, "jobId" | "command">): Promise<Outcome<JobState>> {
    return new Promise((resolve) => {
      const answer = (outcome: Outcome<JobState>): void => {
        this.#waiting.delete(answer);
        resolve(outcome);
      };
      this.#waiting.add(answer);
      if (this.#mailbox.offer({ is: "command", ...asked, answer })) return;
      const stopped = this.#mailbox.closed ? this.#refusal() : null;
      if (stopped !== null) return answer({ ok: false, problem: stopped });
      const detail = `${limits.mailboxItemsMax} requests wait already`;
      answer({ ok: false, problem: problem("LIMIT_REACHED", detail) });
    });
  }

  #refusal(): Problem | null {
    if (this.#life === "failed") return problem("DISK_FAILED", "the state could not be written");
    if (this.#life === "open") return null;
    return problem("STOPPING", this.#life === "stopping" ? "it is stopping" : "it is still starting");
  }

  #observe(observation: Observation): void {
    this.#mailbox.put({ is: "observation", observation });
  }

  #timerFired(id: string): void {
    const owner = this.#reconciler.timerOwner(id);
    if (owner !== undefined) this.#observe({ is: "timer", ...owner });
  }

  /** What is on disk is not known any more: say nothing further, keep nothing going, let the host end the process. */
  #fail(error: unknown): void {
    if (this.#life === "failed") return;
    this.#life = "failed";
    this.#mailbox.close();
    this.#mailbox.empty();
    this.#timers.close();
    for (const answer of this.#waiting) {
      answer({ ok: false, problem: problem("DISK_FAILED", String(error)) });
    }
    this.#options.onFatal(error);
  }
}
