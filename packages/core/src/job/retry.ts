import type { Backoff, Failure, Fact, Instant } from "@aither/protocol";
import { backoffMaxMs } from "../schedule/limits.ts";
import { lastAttempt } from "./look.ts";
import type { ScriptRecord } from "./state.ts";

/** How long to wait after the nth failure (n = 1, 2 …). */
export function backoffMs(backoff: Backoff, failures: number): number {
  const grown = backoff.initialMs * backoff.factor ** (failures - 1);
  const bounded = Math.min(backoff.maxMs, backoffMaxMs, grown);
  return Number.isFinite(bounded) && bounded > 0 ? bounded : 0;
}

/** A condition is not retried: it would say the same again. An interruption has a policy of its own. */
function mayRetry(failure: Failure): boolean {
  return failure.kind !== "condition" && failure.kind !== "interrupted";
}

export type Ending = {
  readonly failure: Failure;
  readonly endedAtMs: number;
  readonly outputs?: Readonly<Record<string, string>>;
  /** True when the script is being stopped: it gets no further attempt. */
  readonly halted: boolean;
};

/** An attempt failed: another one follows as long as the budget holds. */
export function retryOrFail(record: ScriptRecord, ending: Ending, now: Instant): Fact {
  const { failure, endedAtMs } = ending;
  const script = record.plan.key;
  const attempt = Math.max(1, lastAttempt(record));
  if (!ending.halted && mayRetry(failure) && record.failures < record.plan.retries) {
    const retryAtMs = now.wallMs + backoffMs(record.plan.backoff, record.failures + 1);
    return { type: "ScriptRetried", script, attempt, failure, endedAtMs, retryAtMs };
  }
  const { outputs } = ending;
  return {
    type: "ScriptFailed",
    script,
    attempt,
    failure,
    endedAtMs,
    ...(outputs !== undefined && Object.keys(outputs).length > 0 && { outputs }),
    ...(record.plan.continueOnError && { tolerated: true }),
  };
}
