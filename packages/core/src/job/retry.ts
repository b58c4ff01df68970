import type { Backoff, Exports, Failure, Fact, Instant } from "@aither/protocol";
import { backoffMaxMs } from "../schedule/limits.ts";
import { lastAttempt } from "./look.ts";
import type { ScriptRecord } from "./state.ts";

/** How long to wait after the nth failure (n = 1, 2 …). */
export function backoffMs(backoff: Backoff, failures: number): number {
  const grown = backoff.initialMs * backoff.factor ** (failures - 1);
  const bounded = Math.min(backoff.maxMs, backoffMaxMs, grown);
  return Number.isFinite(bounded) && bounded > 0 ? bounded : 0;
}

/**
 * A condition is not retried: it would say the same again. An interruption has a policy of its own. Where a script says
 * which exit codes are worth another attempt, all others are final.
 */
function mayRetry(failure: Failure, codes: readonly number[] | undefined): boolean {
  if (failure.kind === "condition" || failure.kind === "interrupted") return false;
  return codes === undefined || codes.includes(codeOf(failure));
}

/** What a failure without an exit code of its own counts as: the codes that shells use. */
function codeOf(failure: Failure): number {
  if (failure.kind === "exit" || failure.kind === "signal") return failure.code;
  return failure.kind === "timeout" ? 124 : 126;
}

export type Ending = {
  readonly failure: Failure;
  readonly endedAtMs: number;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly exports?: Exports | undefined;
  /** Its processes that are still alive. */
  readonly leftovers?: readonly number[];
  /** True when the script is being stopped: it gets no further attempt. */
  readonly halted: boolean;
};

/** An attempt failed: another one follows as long as the budget holds. */
export function retryOrFail(record: ScriptRecord, ending: Ending, now: Instant): Fact {
  const { failure, endedAtMs, leftovers = [] } = ending;
  const left = leftovers.length > 0 && { leftovers: [...leftovers] };
  const script = record.plan.key;
  const attempt = Math.max(1, lastAttempt(record));
  if (!ending.halted && mayRetry(failure, record.plan.retryExitCodes) && record.failures < record.plan.retries) {
    const retryAtMs = now.wallMs + backoffMs(record.plan.backoff, record.failures + 1);
    return { type: "ScriptRetried", script, attempt, failure, endedAtMs, retryAtMs, ...left };
  }
  const { outputs, exports } = ending;
  return {
    type: "ScriptFailed",
    script,
    attempt,
    failure,
    endedAtMs,
    ...(outputs !== undefined && Object.keys(outputs).length > 0 && { outputs }),
    ...(exports !== undefined && { exports }),
    ...(record.plan.continueOnError && { tolerated: true }),
    ...left,
  };
}
