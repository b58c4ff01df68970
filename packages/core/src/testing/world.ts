import type { AttemptRef, Event, EventType, Handle, Instant, Plan } from "@aither/protocol";
import { assert } from "../assert.ts";
import { decide } from "../job/decide.ts";
import { effects } from "../job/effects.ts";
import { evolve } from "../job/evolve.ts";
import type { Command, Effect, Input, JobCommand } from "../job/input.ts";
import { theScript, theStage } from "../job/look.ts";
import { settle } from "../job/settle.ts";
import type { JobState } from "../job/state.ts";
import { toEvent } from "../number.ts";
import { admit } from "../schedule/admit.ts";

export const jobId = "11111111-2222-4333-8444-555555555555";
/** More facts than this after one input means that settling goes round in circles. */
const settleMax = 50_000;

type Start = Partial<Extract<Command, { is: "start" }>>;

/** A job with a clock and nothing else: what the reactor does, without waiting for anything. */
export class World {
  now: Instant = { wallMs: 1_700_000_000_000, monotonicMs: 5_000, bootId: "boot-1" };
  readonly events: Event[] = [];
  slots: number;
  #state: JobState | null = null;

  constructor(plan: Plan, options: { slots?: number; start?: Start } = {}) {
    this.slots = options.slots ?? 100;
    this.give({
      is: "start",
      jobId,
      number: 42,
      requestId: null,
      name: plan.name,
      plan,
      options: { useCache: false, generateSummary: false, priority: 0 },
      by: "tester",
      parent: null,
      passedBefore: [],
      ...options.start,
    });
  }

  /** Takes over from a state that was read back. */
  static from(state: JobState, now: Instant): World {
    const world = new World(state.plan, { slots: 2 });
    world.#state = state;
    world.events.length = 0;
    world.now = now;
    return world;
  }

  get state(): JobState {
    assert(this.#state !== null, "the job exists");
    return this.#state;
  }

  /** Gives an input, settles, and grants the slots that are free. Returns the kinds of facts that came of it. */
  give(input: Input): EventType[] {
    const before = this.events.length;
    for (const fact of decide(this.#state, input, this.now)) this.#add(fact);
    this.#settle();
    if (input.is !== "slot-granted") {
      for (const { script } of admit([this.state], { slots: this.slots }, this.now)) {
        this.give({ is: "slot-granted", jobId, script, executor: "local" });
      }
    }
    return this.events.slice(before).map((event) => event.type);
  }

  do(command: JobCommand["is"], rest: { force?: boolean; reason?: string; target?: string } = {}) {
    switch (command) {
      case "cancel":
        return this.give({ is: "cancel", by: "tester", force: rest.force ?? false });
      case "pause":
        return this.give({ is: "pause", by: "tester" });
      case "resume":
        return this.give({ is: "resume", by: "tester" });
      case "skip": {
        const text = rest.target ?? "";
        const target = text.includes("/") ? { script: text } : { stage: text };
        return this.give({ is: "skip", by: "tester", reason: rest.reason ?? "not wanted", target });
      }
    }
  }

  /** Lets time go by and wakes the job, as a timer would. */
  pass(ms: number): EventType[] {
    this.now = {
      ...this.now,
      wallMs: this.now.wallMs + ms,
      monotonicMs: this.now.monotonicMs + ms,
    };
    return this.give({ is: "timer", jobId, timer: "any" });
  }

  started(key: string): EventType[] {
    const ref = this.ref(key);
    return this.give({ is: "started", ref, handle: this.handle(ref) });
  }

  /** Ends the attempt under way; starts it before when nobody did. */
  exit(key: string, exitCode = 0, rest: Partial<Extract<Input, { is: "exited" }>> = {}) {
    const ref = this.ref(key);
    return this.give({
      is: "exited",
      ref,
      exitCode,
      signal: null,
      endedAtMs: this.now.wallMs,
      handle: this.handle(ref),
      outputs: {},
      leftovers: [],
      ...rest,
    });
  }

  lost(key: string): EventType[] {
    return this.give({ is: "lost", ref: this.ref(key), evidence: "the machine was restarted" });
  }

  notStarted(key: string): EventType[] {
    return this.give({ is: "not-started", ref: this.ref(key) });
  }

  restart(bootId = this.now.bootId): EventType[] {
    this.now = { ...this.now, bootId };
    return this.give({ is: "daemon-started", jobId, daemonId: "daemon-2", downSince: null });
  }

  /** `{is}` of each script by key, in order. */
  script(key: string): string {
    return theScript(this.state, key).state.is;
  }

  stage(id: string): string {
    return theStage(this.state, id).status;
  }

  /** Keys of the scripts whose process should be there. */
  running(): string[] {
    return this.state.active.filter((key) => {
      const { is } = theScript(this.state, key).state;
      return is === "scheduled" || is === "running" || is === "terminating";
    });
  }

  effects(): Effect[] {
    return effects(this.state);
  }

  kinds(): EventType[] {
    return this.events.map((event) => event.type);
  }

  /** All events of one kind. */
  all<Kind extends EventType>(kind: Kind): Extract<Event, { type: Kind }>[] {
    return this.events.filter((event): event is Extract<Event, { type: Kind }> => event.type === kind);
  }

  ref(key: string): AttemptRef {
    return { jobId, script: key, attempt: theScript(this.state, key).attempts.length };
  }

  handle(ref: AttemptRef): Handle {
    const pid = 1_000 + ref.attempt;
    return { bootId: this.now.bootId, pid, startTime: "77", startedAtMs: this.now.wallMs };
  }

  #settle(): void {
    for (let count = 0; ; count += 1) {
      const fact = settle(this.state, this.now);
      if (fact === null) return;
      assert(count < settleMax, `settling does not end: ${JSON.stringify(fact)}`);
      this.#add(fact);
    }
  }

  #add(fact: Parameters<typeof toEvent>[0]): void {
    const seq = (this.#state?.seq ?? 0) + 1;
    const event = toEvent(fact, { seq, jobId, now: this.now });
    this.#state = evolve(this.#state, event);
    this.events.push(event);
  }
}
