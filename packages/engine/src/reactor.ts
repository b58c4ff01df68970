import { hasEnded, type Command, type JobState, type Observation } from "@aither/core";
import { problem, type JobId } from "@aither/protocol";
import type { Behaviour } from "./behaviour.ts";
import type { Bus } from "./bus.ts";
import { inParallel } from "./in-parallel.ts";
import type { Outcome } from "./face.ts";
import type { Jobs } from "./jobs.ts";
import { limits } from "./limits.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Clock } from "./ports/clock.ts";
import type { Executor } from "./ports/executor.ts";
import type { Journal } from "./ports/journal.ts";
import type { Reconciler } from "./reconcile.ts";
import { jobOf, Turn, type Draft } from "./turn.ts";

/** What waits in the mailbox. A command has somebody who waits for the answer. */
export type Item =
  | {
      readonly is: "command";
      readonly jobId: JobId;
      readonly command: Command;
      readonly answer: (outcome: Outcome<JobState>) => void;
    }
  | { readonly is: "observation"; readonly observation: Observation };

type Answer = { readonly item: Extract<Item, { is: "command" }>; readonly outcome: Outcome<JobState> };

export type ReactorParts = {
  readonly behaviour: Behaviour;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly jobs: Jobs;
  readonly bus: Bus;
  readonly mailbox: Mailbox<Item>;
  readonly reconciler: Reconciler;
  readonly slots: number;
  readonly pools: Readonly<Record<string, number>>;
  readonly onFatal: (error: unknown) => void;
};

/**
 * The loop. One turn: take what waits, fold it over tentative states, write all new events, and only when every one of
 * them is on disk let them count: publish, answer, reconcile. What comes in meanwhile waits for the next turn, so a
 * slow disk makes bigger turns and not more of them.
 */
export class Reactor {
  readonly #parts: ReactorParts;
  readonly #retiring = new Set<Promise<void>>();
  #position = 0;

  constructor(parts: ReactorParts) {
    this.#parts = parts;
  }

  /** Runs until the mailbox is closed and empty. Rejects when the disk failed or the core found itself wrong. */
  async run(): Promise<void> {
    const { mailbox } = this.#parts;
    for (;;) {
      const items = await mailbox.take(limits.turnInputsMax);
      if (items === null) break;
      const wroteNothing = await this.turn(items);
      // An append lets everybody else have their turn; turns without one, in a row, would keep the loop to themselves.
      if (wroteNothing && mailbox.size > 0) await this.#breathe();
    }
    await Promise.all(this.#retiring);
  }

  /**
   * One turn. What is in `items` is answered, or the promise rejects and nothing of it was made known. True when there
   * was nothing to write.
   */
  async turn(items: readonly Item[]): Promise<boolean> {
    const { behaviour, clock, jobs, executor } = this.#parts;
    const turn = new Turn({ behaviour, jobs, now: clock.now() });
    const answers: Answer[] = [];
    for (const item of items) {
      if (item.is === "command") answers.push({ item, outcome: this.#command(turn, item) });
      else if (turn.state(jobOf(item.observation)) !== null) {
        turn.apply(jobOf(item.observation), item.observation);
      }
    }
    const slots = Math.min(this.#parts.slots, executor.slots);
    turn.grant({ slots, pools: this.#parts.pools, executor: executor.name });
    const drafts = turn.drafts();
    await inParallel(limits.appendsAtOnceMax, drafts, (draft) =>
      this.#parts.journal.append(draft.jobId, draft.expectedSeq, draft.events),
    );
    this.#commit(turn, drafts, answers);
    return drafts.length === 0;
  }

  /**
   * Folds a command into the turn. Its answer is the job as the command left it, whatever else the turn brings: who
   * pauses a job reads that it is paused, also when somebody resumes it in the same moment.
   */
  #command(turn: Turn, item: Extract<Item, { is: "command" }>): Outcome<JobState> {
    const { jobId, command } = item;
    if (command.is !== "start") {
      const state = turn.state(jobId);
      if (state === null) return refusal(problem("JOB_NOT_FOUND", `there is no job ${jobId}`));
      const wrong = this.#parts.behaviour.check(state, command);
      if (wrong !== null) return refusal(problem(wrong.code, wrong.detail));
    }
    try {
      turn.apply(jobId, command);
      const value = turn.state(jobId);
      return value === null ? refusal(problem("INTERNAL", `job ${jobId} came to nothing`)) : { ok: true, value };
    } catch (error) {
      // A bug that one command runs into is that caller's news, not the end of everybody's jobs: nothing was written.
      return refusal(problem("INTERNAL", `${command.is}: ${String(error)}`));
    }
  }

  /** Everything is on disk: from here on it may be known. Synchronous, so that nobody sees half a turn. */
  #commit(turn: Turn, drafts: readonly Draft[], answers: readonly Answer[]): void {
    const { jobs, bus, reconciler } = this.#parts;
    for (const draft of drafts) jobs.set(draft.state);
    for (const { events, state } of drafts) {
      for (const event of events) bus.publish({ position: ++this.#position, event, state });
    }
    for (const { item, outcome } of answers) item.answer(outcome);
    for (const jobId of turn.touched()) {
      const state = jobs.get(jobId);
      if (state !== undefined) reconciler.reconcile(state);
    }
    for (const { state } of drafts) if (hasEnded(state)) this.#retire(state.id);
  }

  #retire(jobId: JobId): void {
    const retiring = this.#parts.journal.retire(jobId).finally(() => {
      this.#retiring.delete(retiring);
    });
    this.#retiring.add(retiring);
    retiring.catch((error: unknown) => this.#parts.onFatal(error));
  }

  #breathe(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(0, resolve);
    });
  }
}

function refusal(problemOfIt: Extract<Outcome<never>, { ok: false }>["problem"]): Outcome<never> {
  return { ok: false, problem: problemOfIt };
}
