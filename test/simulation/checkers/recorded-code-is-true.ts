import type { Event } from "@aither/protocol";
import type { Checker, JobTruth, Run, Truth } from "../truth.ts";

/** What the journal says of an exit is what the process did, and the verdicts follow from it. */
export const recordedCodeIsTrue: Checker = {
  name: "recorded-code-is-true",
  *find(truth) {
    for (const job of truth.jobs) {
      for (const event of job.events) {
        const claimed = claimOf(event);
        if (claimed === null) continue;
        const { key, attempt, what } = claimed;
        const run = job.runs.find((one) => one.attempt.script === key && one.attempt.attempt === attempt);
        const wrong = run === undefined && mayHaveBegun(truth, job, event) ? null : disagreement(what, run, job);
        if (wrong !== null) yield `${job.id} seq ${event.seq} ${key}#${attempt}: ${wrong}`;
      }
      yield* verdict(job);
    }
  },
};

type Claim = {
  readonly key: string;
  readonly attempt: number;
  readonly what: { readonly ok: boolean; readonly code: number } | "vanished";
};

function claimOf(event: Event): Claim | null {
  if (event.type === "ScriptCompleted") {
    return { key: event.script, attempt: event.attempt, what: { ok: true, code: event.exitCode } };
  }
  if (event.type === "ScriptInterrupted") {
    return { key: event.script, attempt: event.attempt, what: "vanished" };
  }
  if (event.type !== "ScriptFailed" && event.type !== "ScriptRetried") return null;
  const { failure } = event;
  if (failure.kind !== "exit" && failure.kind !== "signal") return null;
  return { key: event.script, attempt: event.attempt, what: { ok: false, code: failure.code } };
}

function disagreement(what: Claim["what"], run: Run | undefined, job: JobTruth): string | null {
  if (run === undefined) return "there was no such process";
  if (what === "vanished") return run.recorded ? "its exit was recorded" : null;
  if (run.exitCode !== what.code) return `recorded ${what.code}, but it exited with ${run.exitCode}`;
  const good = job.places.get(run.attempt.script)?.script.successExitCodes ?? [];
  const isGood = good.includes(what.code) || what.code === 3010;
  return isGood === what.ok ? null : `exit code ${what.code} counted as ${what.ok ? "good" : "bad"}`;
}

/** Interrupted in a later boot than it was scheduled in: whether it had begun nobody could say. */
function mayHaveBegun(truth: Truth, job: JobTruth, event: Event): boolean {
  if (event.type !== "ScriptInterrupted") return false;
  const { script, attempt, seq } = event;
  const intent = job.events.find(
    (one) => one.type === "ScriptScheduled" && one.script === script && one.attempt === attempt,
  );
  const toldAt = truth.durableAt(job.id, seq)?.index ?? Infinity;
  const boot = truth.history.of("booted").findLast(({ index }) => index < toldAt);
  return intent?.type === "ScriptScheduled" && boot !== undefined && intent.bootId !== boot.bootId;
}

/** A job is a success exactly when no stage failed that mattered. */
function* verdict(job: JobTruth): Iterable<string> {
  const failed = job.events.filter((event) => event.type === "StageFailed" && event.leg === undefined);
  const mattered = failed.some((event) => event.type === "StageFailed" && event.tolerated !== true);
  const last = job.events.at(-1)?.type;
  if (last === "OrchestrationCompleted" && mattered) yield `${job.id} completed, with a failed stage`;
  if (last === "OrchestrationFailed" && !mattered && job.state?.overdue !== true) {
    yield `${job.id} failed, without a failed stage`;
  }
}
