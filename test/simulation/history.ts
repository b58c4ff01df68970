import type { JobState } from "@aither/core";
import type { Event, JobId, ScriptKey } from "@aither/protocol";
import type { JobCommand, Outcome, WatchItem } from "@aither/engine";

/** One try of one script, as the machine knows it. */
export type AttemptName = {
  readonly jobId: JobId;
  readonly script: ScriptKey;
  readonly attempt: number;
};

/**
 * Everything that happened in one run, in order: what checkers look at. `atMs` is true time, which never jumps. What
 * processes did comes from the machine itself, not from what the engine says of them.
 */
export type HappenedWhat =
  | { readonly is: "booted"; readonly life: number; readonly bootId: string }
  | { readonly is: "open"; readonly life: number }
  | { readonly is: "crashed"; readonly life: number; readonly why: string }
  | { readonly is: "rebooted" }
  | { readonly is: "calm" }
  | { readonly is: "durable"; readonly life: number; readonly event: Event }
  | {
      readonly is: "published";
      readonly life: number;
      readonly position: number;
      readonly event: Event;
      readonly state: JobState;
    }
  | { readonly is: "asked-start"; readonly requestId: string }
  | {
      readonly is: "answered-start";
      readonly life: number;
      readonly requestId: string;
      readonly outcome: Outcome<JobState>;
    }
  | {
      readonly is: "answered";
      readonly life: number;
      readonly jobId: JobId;
      readonly command: JobCommand;
      readonly outcome: Outcome<JobState>;
    }
  | {
      readonly is: "ensured";
      readonly life: number;
      readonly attempt: AttemptName;
      readonly mayStart: boolean;
    }
  | { readonly is: "signalled"; readonly attempt: AttemptName; readonly signal: string }
  | {
      readonly is: "process-started";
      readonly attempt: AttemptName;
      readonly pid: number;
      /** It writes nothing, ever. */
      readonly mute: boolean;
    }
  | {
      readonly is: "process-ended";
      readonly attempt: AttemptName;
      readonly pid: number;
      /** What it exited with; null when the machine went down under it. */
      readonly exitCode: number | null;
      /** Whether its wrapper lived to write that down. */
      readonly recorded: boolean;
    }
  /** A power cut took the files of this attempt with it, as far as nobody had synced them. */
  | { readonly is: "forgotten"; readonly attempt: AttemptName }
  | {
      readonly is: "watched";
      readonly life: number;
      readonly watcher: number;
      readonly jobId: JobId;
      readonly item: WatchItem;
    }
  | { readonly is: "watch-opened"; readonly watcher: number; readonly jobId: JobId; readonly after: number | null };

export type Happened = { readonly atMs: number; readonly index: number } & HappenedWhat;

export class History {
  readonly all: Happened[] = [];
  readonly #now: () => number;
  readonly #trace: ((line: string) => void) | null;

  constructor(options: { now: () => number; trace: ((line: string) => void) | null }) {
    this.#now = options.now;
    this.#trace = options.trace;
  }

  add(what: HappenedWhat): void {
    const happened: Happened = { atMs: this.#now(), index: this.all.length, ...what };
    this.all.push(happened);
    this.#trace?.(describe(happened));
  }

  note(line: string): void {
    this.#trace?.(`${this.#now().toString().padStart(9)}  · ${line}`);
  }

  of<Is extends Happened["is"]>(is: Is): Extract<Happened, { is: Is }>[] {
    return this.all.filter((one): one is Extract<Happened, { is: Is }> => one.is === is);
  }
}

/** One line of a trace. */
function describe(happened: Happened): string {
  const { atMs, index: _index, is, ...rest } = happened;
  const shown = JSON.stringify(rest, (key, value: unknown) =>
    key === "state" || key === "plan" || key === "value" ? "…" : value,
  );
  return `${atMs.toString().padStart(9)}  ${is} ${shown}`;
}
