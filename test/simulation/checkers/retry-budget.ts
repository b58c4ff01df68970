import type { Failure } from "@aither/protocol";
import type { Checker, JobTruth } from "../truth.ts";

/** How often a script whose process vanishes is run again; interruptions have a budget of their own. */
const interruptionsMax = 3;

/** Retries are neither more than the plan allows, nor sooner than the back-off says, nor forgotten. */
export const retryBudget: Checker = {
  name: "retry-budget",
  *find(truth) {
    for (const job of truth.jobs) {
      for (const [key, { script }] of job.places) {
        const facts = factsOf(job, key);
        if (facts.failures > script.retries) {
          yield `${job.id} ${key} was retried ${facts.failures} times of ${script.retries}`;
        }
        if (facts.interruptions > interruptionsMax) {
          yield `${job.id} ${key} was interrupted and run again ${facts.interruptions} times`;
        }
        if (facts.interruptions > 0 && !script.idempotent && script.onInterrupted === "fail") {
          yield `${job.id} ${key} may not be repeated, and was after an interruption`;
        }
        for (const code of facts.codes) {
          if (script.retryExitCodes?.includes(code) === false)
            yield `${job.id} ${key} was retried after exit code ${code}`;
        }
        if (facts.givenUp && facts.failures < script.retries) {
          yield `${job.id} ${key} failed with ${script.retries - facts.failures} retries left`;
        }
        yield* facts.early;
      }
    }
  },
};

/** `codes`: exit codes of the failures that were followed by another attempt. */
type Facts = { failures: number; interruptions: number; givenUp: boolean; early: string[]; codes: number[] };

function factsOf(job: JobTruth, key: string): Facts {
  const facts: Facts = { failures: 0, interruptions: 0, givenUp: false, early: [], codes: [] };
  const worthIt = job.places.get(key)?.script.retryExitCodes;
  let retryAtMs = -Infinity;
  let halted = mayBeHalted(job, key);
  for (const event of job.events) {
    if (event.type === "OrchestrationCancelRequested") halted = true;
    if (event.type === "ScriptTerminating" && event.cause === "skip") halted ||= event.script === key;
    if (!("script" in event) || event.script !== key) continue;
    if (event.type === "ScriptRetried") {
      if (event.failure.kind === "interrupted") facts.interruptions++;
      else {
        facts.failures++;
        facts.codes.push(codeOf(event.failure));
      }
      retryAtMs = event.retryAtMs;
    }
    if (event.type === "ScriptScheduled") {
      if (Date.parse(event.time) < Math.floor(retryAtMs)) {
        facts.early.push(`${job.id} seq ${event.seq}: ${key} was tried again before its back-off was over`);
      }
      // It has waited. An attempt that is fenced is followed by another at once, whatever the clock says by then.
      retryAtMs = -Infinity;
    }
    if (event.type === "ScriptFailed" && !halted) {
      const { kind } = event.failure;
      const isCounted = kind === "exit" || kind === "signal" || kind === "timeout";
      facts.givenUp = isCounted && worthIt?.includes(codeOf(event.failure)) !== false;
    }
  }
  return facts;
}

/** What shells would say: 124 of a time-out, 126 of what could not be started. */
function codeOf(failure: Failure): number {
  if (failure.kind === "exit" || failure.kind === "signal") return failure.code;
  return failure.kind === "timeout" ? 124 : 126;
}

/** Whether something above the script may have stopped it (a limit, fail-fast); then nothing is left to retry in. */
function mayBeHalted(job: JobTruth, key: string): boolean {
  const first = job.events[0];
  const plan = first?.type === "OrchestrationQueued" ? first.plan : null;
  const stage = job.places.get(key)?.stage;
  const limited = plan?.timeoutMs !== null || stage?.timeoutMs !== null;
  const matrix = stage?.legs === null || (stage?.legs.length ?? 0) > 1;
  return limited || plan?.failFast === true || (matrix && stage?.failFast === true);
}
