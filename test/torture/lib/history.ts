/** Everything a checker may look at: what was promised, what was done to whom, and what is there at the end. */
import type { Event } from "@aither/protocol";
import type { LedgerLine } from "./script.ts";
import type { JobSpec } from "./workload.ts";

/** What we ourselves did to an attempt. Only then may its code be another than its own. */
export type Harm = "wrapper" | "script" | "group" | "reboot";

export type JobHistory = {
  readonly spec: JobSpec;
  /** Every id that was ever answered for its key. */
  readonly acked: readonly string[];
  /** When its cancel was answered with yes: ms since the epoch. */
  readonly cancelAckedAtMs: number | null;
};

export type JournalHistory = {
  readonly jobId: string;
  /** The key in its first event. */
  readonly key: string | null;
  /** Undefined when a line of it is no event. */
  readonly events: readonly Event[] | undefined;
};

export type AttemptHistory = {
  readonly marker: string;
  /** When somebody claimed it; null for a fence and when there is no claim. */
  readonly claimedAtMs: number | null;
  readonly fenced: boolean;
  /** What its exit record says: undefined without a whole one. */
  readonly code: number | undefined;
  readonly log: string | undefined;
};

export type History = {
  readonly jobs: readonly JobHistory[];
  readonly journals: readonly JournalHistory[];
  readonly attempts: readonly AttemptHistory[];
  readonly ledger: readonly LedgerLine[];
  readonly harms: ReadonlyMap<string, ReadonlySet<Harm>>;
  /** What clients were shown, as they were shown it. */
  readonly published: readonly { readonly jobId: string; readonly text: string }[];
  /** Every line of every journal, as bytes on disk. */
  readonly lines: ReadonlyMap<string, ReadonlySet<string>>;
  /** Claims seen at the death of a daemon whose intent was not in the journal by then. */
  readonly withoutIntent: readonly string[];
  /** The most daemons that were seen with this state folder at one moment. */
  readonly daemonsAtOnce: number;
  /** Ends of the daemon that nobody of us brought about. */
  readonly unaskedEnds: readonly string[];
  /** Processes that still carry a marker at the end. */
  readonly alive: readonly { readonly pid: number; readonly marker: string }[];
  /** Control groups of attempts that are still there at the very end. */
  readonly groupsLeft: readonly string[];
  /** Signals that reached a process which is none of the daemon's. */
  readonly strayedSignals: readonly string[];
  /** What changed on disk although there was nothing to do: by recovery run again, and by listing. */
  readonly changedByRecovery: readonly string[];
  readonly changedByListing: readonly string[];
};

export type Checker = {
  /** The number of its invariant. */
  readonly name: string;
  readonly find: (history: History) => Iterable<string>;
};

export type Violation = { readonly checker: string; readonly message: string };
