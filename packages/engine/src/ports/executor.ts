import type { Observation } from "@aither/core";
import type { AttemptRef, Handle, ScriptPlan } from "@aither/protocol";

/** What an executor must know of an attempt. `run` has its templates resolved. */
export type EnsureRequest = {
  readonly ref: AttemptRef;
  readonly script: ScriptPlan;
  /** Variables and matrix of its stage and leg, for `AITHER_VAR_*` and the like, are already in `script.run.env`. */
  readonly workspace: string;
  /** False: only find out what became of it; start nothing (the job is being cancelled, or it was seen running). */
  readonly mayStart: boolean;
  /** True when the journal says that it started: a missing claim is then an assertion, not a fresh start. */
  readonly started: boolean;
  /** True right after a restart of the daemon: what has no claim must be fenced, because an older daemon may still have it in flight. */
  readonly recovering: boolean;
  /**
   * The boot it was scheduled in; null when it was seen to start, or when the journal does not say. In another boot
   * than this one no wrapper is on its way any more, and a missing claim does not prove that there was none: the
   * attempt may have begun, so it is lost and not merely unstarted.
   */
  readonly scheduledIn: string | null;
  /**
   * Whether its result may come from the cache and go into it. `refresh`: only into it. Without: no.
   * An executor that has no cache runs it.
   */
  readonly cache?: "use" | "refresh";
};

export type SignalRequest = {
  readonly ref: AttemptRef;
  readonly handle: Handle;
  /** "TERM", "INT", … or "KILL", which means: stop the whole tree until nothing is left. */
  readonly signal: string;
};

export type FreezeRequest = {
  readonly ref: AttemptRef;
  readonly handle: Handle;
  /** True: the whole tree stands still. False: it goes on. */
  readonly frozen: boolean;
};

/**
 * A place that runs attempts. Every method may be called again at any time and must then do no harm. Reports may
 * come late, twice, or after a restart; never before the call that asked for the attempt.
 */
export interface Executor {
  readonly name: string;
  /** How many attempts it can have at once. */
  readonly slots: number;
  ensure(request: EnsureRequest): void;
  signal(request: SignalRequest): void;
  /** In the order of the calls, and before any `signal` that comes later. */
  freeze(request: FreezeRequest): void;
  /** The journal holds this attempt's end: bells, watches and tails of it can go. */
  release(ref: AttemptRef): void;
  onObservation(listener: (observation: Observation) => void): void;
}
