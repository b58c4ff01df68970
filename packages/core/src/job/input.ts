import type { AttemptRef, CacheNote, Deadline, Exports, Handle, JobId, Plan, ScriptKey } from "@aither/protocol";
import type { JobOptions } from "./state.ts";

/** What somebody asks of a job. `by` is who. */
export type Command =
  | {
      readonly is: "start";
      readonly jobId: JobId;
      readonly number: number;
      readonly requestId: string | null;
      readonly name: string;
      readonly plan: Plan;
      readonly options: JobOptions;
      readonly by: string;
      readonly parent: string | null;
      readonly passedBefore: readonly ScriptKey[];
      readonly passedOutputs?: Readonly<Record<ScriptKey, Readonly<Record<string, string>>>>;
      readonly passedExports?: Readonly<Record<ScriptKey, Exports>>;
    }
  | {
      readonly is: "cancel";
      readonly by: string;
      readonly reason?: string;
      readonly force: boolean;
    }
  | { readonly is: "pause"; readonly by: string; readonly reason?: string; readonly freeze?: boolean }
  | { readonly is: "resume"; readonly by: string }
  | {
      readonly is: "skip";
      readonly by: string;
      readonly reason: string;
      readonly target: SkipTarget;
    };

/** Commands on a job that exists. */
export type JobCommand = Exclude<Command, { is: "start" }>;

export type SkipTarget = { readonly stage: string } | { readonly script: ScriptKey };

/** What the world reports. Late and repeated reports are normal; `decide` answers them with no event. */
export type Observation =
  | { readonly is: "started"; readonly ref: AttemptRef; readonly handle: Handle; readonly cache?: CacheNote }
  | { readonly is: "adopted"; readonly ref: AttemptRef; readonly handle: Handle; readonly cache?: CacheNote }
  | {
      readonly is: "exited";
      readonly ref: AttemptRef;
      readonly exitCode: number;
      /** The signal that ended it, as far as its code tells; null for an ordinary exit. */
      readonly signal: string | null;
      readonly endedAtMs: number;
      /** The handle, for an exit that is seen before its start was. */
      readonly handle: Handle;
      readonly outputs: Readonly<Record<string, string>>;
      /** What it hands to the later scripts of its leg. */
      readonly exports?: Exports;
      /** Processes of the attempt that are still alive. */
      readonly leftovers: readonly number[];
      /** What the cache said before the start, for an exit that is seen before its start was. */
      readonly cache?: CacheNote;
      /** What became of its result. */
      readonly kept?: CacheNote;
    }
  /** Nothing was started: an earlier result of the same was put in its place, as `cache` says. */
  | {
      readonly is: "restored";
      readonly ref: AttemptRef;
      readonly exitCode: number;
      readonly endedAtMs: number;
      readonly outputs: Readonly<Record<string, string>>;
      readonly cache: CacheNote;
    }
  | { readonly is: "lost"; readonly ref: AttemptRef; readonly evidence: string }
  | { readonly is: "not-started"; readonly ref: AttemptRef }
  | { readonly is: "spawn-failed"; readonly ref: AttemptRef; readonly message: string }
  | {
      readonly is: "progressed";
      readonly ref: AttemptRef;
      readonly percent?: number;
      readonly note?: string;
    }
  /** It runs, and has written nothing for as long as it may; time frozen or asleep not counted. */
  | { readonly is: "silent"; readonly ref: AttemptRef }
  | { readonly is: "timer"; readonly jobId: JobId; readonly timer: string }
  | {
      readonly is: "slot-granted";
      readonly jobId: JobId;
      readonly script: ScriptKey;
      readonly executor: string;
    }
  /** Nobody of its group is before it any more. */
  | { readonly is: "turn-granted"; readonly jobId: JobId }
  | {
      readonly is: "daemon-started";
      readonly jobId: JobId;
      readonly daemonId: string;
      readonly downSince: string | null;
    };

export type Input = Command | Observation;

/** What the state calls for. All are idempotent; `effects(state)` gives all that are due, again and again. */
export type Effect =
  | {
      readonly is: "ensure";
      readonly ref: AttemptRef;
      readonly mayStart: boolean;
      readonly started: boolean;
      /** Of one that was not seen to start: the boot it was scheduled in, as far as the journal says. */
      readonly bootId: string | null;
    }
  | {
      readonly is: "signal";
      readonly ref: AttemptRef;
      readonly handle: Handle;
      readonly signal: string;
      readonly rung: number;
    }
  /** It shall stand still (`frozen`), or go on after it may have stood still. */
  | { readonly is: "freeze"; readonly ref: AttemptRef; readonly handle: Handle; readonly frozen: boolean }
  | { readonly is: "timer"; readonly jobId: JobId; readonly timer: string; readonly at: TimerAt };

/** `wall` timers follow the wall clock (retries); `running` timers stand still while the machine sleeps (deadlines). */
export type TimerAt =
  | { readonly clock: "wall"; readonly atMs: number }
  | { readonly clock: "running"; readonly deadline: Deadline };
