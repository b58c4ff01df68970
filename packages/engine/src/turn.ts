import { assert, type Command, type Input, type JobState, type Limits, type Observation } from "@aither/core";
import type { Event, Fact, Instant, JobId } from "@aither/protocol";
import type { Behaviour } from "./behaviour.ts";
import type { Jobs } from "./jobs.ts";
import { limits } from "./limits.ts";

/** A job as it will be once its new events are on disk. */
export type Draft = {
  readonly jobId: JobId;
  /** The seq that is on disk; 0 for a job that is being created. */
  readonly expectedSeq: number;
  readonly state: JobState;
  readonly events: readonly Event[];
};

/** Which job an observation is about. */
export function jobOf(observation: Observation): JobId {
  return "ref" in observation ? observation.ref.jobId : observation.jobId;
}

/**
 * One turn of the reactor: inputs are folded one after another over tentative states. Nothing here is visible to
 * anybody; the reactor makes the drafts durable and only then lets them count.
 */
export class Turn {
  readonly #behaviour: Behaviour;
  readonly #jobs: Jobs;
  readonly #now: Instant;
  readonly #drafts = new Map<JobId, Draft>();
  /** Jobs that had an input, also one that changed nothing: their effects are looked at again. */
  readonly #touched = new Set<JobId>();

  constructor(options: { behaviour: Behaviour; jobs: Jobs; now: Instant }) {
    this.#behaviour = options.behaviour;
    this.#jobs = options.jobs;
    this.#now = options.now;
  }

  state(jobId: JobId): JobState | null {
    return this.#drafts.get(jobId)?.state ?? this.#jobs.get(jobId) ?? null;
  }

  /** In the order in which the jobs were first touched. */
  drafts(): readonly Draft[] {
    return [...this.#drafts.values()];
  }

  touched(): Iterable<JobId> {
    return this.#touched;
  }

  /** Folds one input and what follows from it. When it throws, the turn is as it was before. */
  apply(jobId: JobId, input: Command | Observation): void {
    this.#touched.add(jobId);
    const before = this.#drafts.get(jobId);
    const draft = this.#extend(jobId, before, input);
    if (draft !== undefined && draft !== before) this.#drafts.set(jobId, draft);
  }

  /** Lets jobs leave the queue, then gives free slots away until nobody wants or nothing is left. */
  grant({ executor, ...limits }: Limits & { executor: string }): void {
    this.#takeTurns();
    for (;;) {
      const grants = this.#behaviour.admit(this.#states(), limits, this.#now);
      let changed = false;
      for (const { jobId, script } of grants) {
        const before = this.state(jobId);
        this.apply(jobId, { is: "slot-granted", jobId, script, executor });
        changed ||= this.state(jobId) !== before;
      }
      if (!changed) return;
    }
  }

  /** Jobs of a group, one at a time. */
  #takeTurns(): void {
    for (;;) {
      const { granted, superseded } = this.#behaviour.turns(this.#states(), this.#now);
      let changed = false;
      const give = (jobId: JobId, input: Command | Observation): void => {
        const before = this.state(jobId);
        this.apply(jobId, input);
        changed ||= this.state(jobId) !== before;
      };
      for (const { jobId, by } of superseded) {
        const reason = `#${by} of the same group takes its place`;
        give(jobId, { is: "cancel", by: "daemon", reason, force: false });
      }
      for (const jobId of granted) give(jobId, { is: "turn-granted", jobId });
      if (!changed) return;
    }
  }

  #extend(jobId: JobId, before: Draft | undefined, input: Input): Draft | undefined {
    const start = before?.state ?? this.#jobs.get(jobId) ?? null;
    const events: Event[] = [];
    let state = start;
    const add = (fact: Fact): void => {
      assert(events.length < limits.factsAnInputMax, `job ${jobId} does not come to rest`);
      const event = this.#behaviour.toEvent(fact, {
        seq: (state?.seq ?? 0) + 1,
        jobId,
        now: this.#now,
      });
      state = this.#behaviour.evolve(state, event);
      events.push(event);
    };
    for (const fact of this.#behaviour.decide(state, input, this.#now)) add(fact);
    for (let fact = this.#follows(state); fact !== null; fact = this.#follows(state)) add(fact);
    if (events.length === 0 || state === null) return before;
    return {
      jobId,
      expectedSeq: before?.expectedSeq ?? start?.seq ?? 0,
      state,
      events: [...(before?.events ?? []), ...events],
    };
  }

  #follows(state: JobState | null): Fact | null {
    return state === null ? null : this.#behaviour.settle(state, this.#now);
  }

  /** All jobs that may want slots or hold some, as they will be after this turn. */
  *#states(): Iterable<JobState> {
    for (const state of this.#jobs.open()) yield this.#drafts.get(state.id)?.state ?? state;
    for (const draft of this.#drafts.values()) {
      if (draft.expectedSeq === 0) yield draft.state;
    }
  }
}
