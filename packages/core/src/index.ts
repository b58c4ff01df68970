import type {
  Deadline,
  Event,
  Explanation,
  Fact,
  Instant,
  JobDetail,
  JobId,
  JobSummary,
  ProblemCode,
  ScriptKey,
} from "@aither/protocol";
import type { JobCommand, Effect, Input, SkipTarget } from "./job/input.ts";
import type { JobState } from "./job/state.ts";

export type * from "./job/state.ts";
export type * from "./job/input.ts";
export * from "./job/look.ts";
export type { Table } from "./table.ts";
export { tableEntries, tableGet, tableSize, tableValues } from "./table.ts";
export { assert, AssertionError, present, unreachable } from "./assert.ts";

/** Bodies follow file by file; these lines go as they come. */
export declare function evolve(state: JobState | null, event: Event): JobState;
export declare function decide(state: JobState | null, input: Input, now: Instant): Fact[];
export declare function check(
  state: JobState,
  command: JobCommand,
): { code: ProblemCode; detail: string; candidates?: readonly string[] } | null;
export declare function settle(state: JobState, now: Instant): Fact | null;
export declare function effects(state: JobState): Effect[];
export declare function effectId(effect: Effect): string;
export declare function ready(state: JobState, now: Instant): Iterable<ScriptKey>;
export declare function admit(
  jobs: Iterable<JobState>,
  limits: { slots: number },
  now: Instant,
): { jobId: JobId; script: ScriptKey }[];
export declare function toEvent(
  fact: Fact,
  place: { seq: number; jobId: JobId; now: Instant },
): Event;
export declare function deadlinePassed(deadline: Deadline, now: Instant): boolean;
export declare function deadlineIn(now: Instant, delayMs: number): Deadline;
export declare function summary(state: JobState): JobSummary;
export declare function detail(state: JobState): JobDetail;
export declare function explain(state: JobState, subject?: string): Explanation | null;
export declare function exitCodeOf(state: JobState): 0 | 1 | 130 | null;
export declare function resolveTarget(
  state: JobState,
  text: string,
): { target: SkipTarget } | { candidates: readonly string[] } | null;
export declare function isoTime(wallMs: number): string;
export declare function parseTime(text: string): number;
