import { scriptOf, unreachable, type Effect, type JobState } from "@aither/core";
import type { AttemptRef, JobId } from "@aither/protocol";
import type { Behaviour } from "./behaviour.ts";
import type { EnsureRequest, Executor } from "./ports/executor.ts";
import type { Timers } from "./timers.ts";

type Ensure = Extract<Effect, { is: "ensure" }>;
type Timer = Extract<Effect, { is: "timer" }>;

/**
 * Makes the world do what the states call for. It compares what a state wants with what was last asked for on its
 * behalf, so that the cost of a turn follows what changed. After a restart nothing was asked for yet and everything is
 * asked again: recovery has no code of its own.
 */
export class Reconciler {
  readonly #behaviour: Behaviour;
  readonly #executor: Executor;
  readonly #timers: Timers;
  /** Tells the engine that an attempt cannot even be asked for. */
  readonly #refuse: (ref: AttemptRef, message: string) => void;
  readonly #inFlight = new Map<JobId, Map<string, Effect>>();
  readonly #timerOwners = new Map<string, { jobId: JobId; timer: string }>();
  /** Attempts an older daemon may still have in flight: what has no claim must be fenced. */
  readonly #inherited = new Set<string>();

  constructor(options: {
    behaviour: Behaviour;
    executor: Executor;
    timers: Timers;
    refuse: (ref: AttemptRef, message: string) => void;
  }) {
    this.#behaviour = options.behaviour;
    this.#executor = options.executor;
    this.#timers = options.timers;
    this.#refuse = options.refuse;
  }

  /** Remembers which attempts were asked for by a daemon before this one. Called with the state as it was on disk. */
  inherit(state: JobState): void {
    for (const effect of this.#behaviour.effects(state)) {
      if (effect.is === "ensure") this.#inherited.add(attemptId(effect.ref));
    }
  }

  /** Which timer of which job is behind an id of the timers. */
  timerOwner(id: string): { jobId: JobId; timer: string } | undefined {
    return this.#timerOwners.get(id);
  }

  /** Starts what the state wants and lets go of what it does not want any more. */
  reconcile(state: JobState): void {
    const before = this.#inFlight.get(state.id);
    const wanted = new Map<string, Effect>();
    for (const effect of this.#behaviour.effects(state)) {
      wanted.set(this.#idOf(effect), effect);
    }
    if (before !== undefined) {
      for (const [id, effect] of before) if (!wanted.has(id)) this.#drop(id, effect);
    }
    for (const [id, effect] of wanted) this.#ask(id, effect, { state, before: before?.get(id) });
    if (wanted.size > 0) this.#inFlight.set(state.id, wanted);
    else this.#inFlight.delete(state.id);
  }

  #ask(id: string, effect: Effect, context: { state: JobState; before: Effect | undefined }): void {
    const { state, before } = context;
    switch (effect.is) {
      case "ensure":
        // That it was seen to start is no news for the executor; that it may not be started any more is.
        if (before?.is !== "ensure" || (before.mayStart && !effect.mayStart && !effect.started)) {
          this.#ensure(effect, state);
        }
        return;
      case "signal":
        if (before === undefined) {
          const { ref, handle, signal } = effect;
          this.#executor.signal({ ref, handle, signal });
        }
        return;
      case "freeze":
        if (before === undefined) {
          const { ref, handle, frozen } = effect;
          this.#executor.freeze({ ref, handle, frozen });
        }
        return;
      case "timer":
        this.#timer(id, effect, before);
        return;
      default:
        unreachable(effect);
    }
  }

  /** An attempt is one thing to look after, whether or not it may still start. */
  #idOf(effect: Effect): string {
    return effect.is === "ensure" ? attemptId(effect.ref) : this.#behaviour.effectId(effect);
  }

  #ensure(effect: Ensure, state: JobState): void {
    const script = scriptOf(state, effect.ref.script)?.plan;
    if (script === undefined) throw new Error(`${effect.ref.script} is not in job ${state.id}`);
    const request = {
      ref: effect.ref,
      workspace: state.plan.workspace,
      mayStart: effect.mayStart,
      started: effect.started,
      recovering: this.#inherited.has(attemptId(effect.ref)),
      scheduledIn: effect.bootId,
      ...(script.cache !== undefined && cacheOf(state)),
    };
    if (!script.run.late && !state.exporting) return this.#executor.ensure({ ...request, script });
    const resolved = this.#behaviour.resolveRun(state, effect.ref.script);
    if (resolved.ok) {
      return this.#executor.ensure({ ...request, script: { ...script, run: resolved.run } });
    }
    // An attempt that an older daemon or an earlier turn asked for may have a process in any case.
    if (effect.started || request.recovering) {
      return this.#executor.ensure({ ...request, script, mayStart: false });
    }
    this.#refuse(effect.ref, resolved.message);
  }

  #timer(id: string, effect: Timer, before: Effect | undefined): void {
    if (before?.is !== "timer" || !sameTime(before, effect)) {
      this.#timerOwners.set(id, { jobId: effect.jobId, timer: effect.timer });
      this.#timers.set(id, effect.at);
    } else if (!this.#timers.has(id)) {
      // It went off and is still wanted, because what it is for waits for something else too, or because the wall
      // clock was set back under it.
      this.#timers.set(id, effect.at, { again: true });
    }
  }

  #drop(id: string, effect: Effect): void {
    switch (effect.is) {
      case "ensure":
        this.#inherited.delete(attemptId(effect.ref));
        this.#executor.release(effect.ref);
        return;
      case "timer":
        this.#timers.clear(id);
        this.#timerOwners.delete(id);
        return;
      case "signal":
      case "freeze":
        return;
      default:
        unreachable(effect);
    }
  }
}

function cacheOf({ options }: JobState): Pick<EnsureRequest, "cache"> {
  if (!options.useCache) return {};
  return { cache: options.refreshCache === true ? "refresh" : "use" };
}

function attemptId(ref: AttemptRef): string {
  return `${ref.jobId} ${ref.script}#${ref.attempt}`;
}

function sameTime(a: Timer, b: Timer): boolean {
  if (a.at.clock === "wall") return b.at.clock === "wall" && a.at.atMs === b.at.atMs;
  return (
    b.at.clock === "running" &&
    a.at.deadline.bootId === b.at.deadline.bootId &&
    a.at.deadline.monotonicMs === b.at.deadline.monotonicMs
  );
}
