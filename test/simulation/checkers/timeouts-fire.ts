import type { EventOf, ScriptPlan } from "@aither/protocol";
import { ladderMs, nameOfAttempt, overdue, type Checker, type JobTruth, type Run, type Truth } from "../truth.ts";

type Stop = EventOf<"ScriptTerminating">;

/** Reports may be late, requests queue up, and a process takes a moment to die. */
const slackMs = 60_000;

/** No process outlives its time limit and its stop ladder, and none is stopped before its time. */
export const timeoutsFire: Checker = {
  name: "timeouts-fire",
  *find(truth) {
    for (const job of truth.jobs) {
      for (const run of job.runs) {
        const script = job.places.get(run.attempt.script)?.script;
        if (script === undefined) continue;
        yield* outlivedSilence(truth, { job, run, script });
        if (script.timeoutMs === null) continue;
        const dueMs = run.startedAtMs + script.timeoutMs + frozenMs(job);
        const withinMs = ladderMs(script) + slackMs;
        if (overdue(truth, { dueMs, withinMs, doneMs: run.endedAtMs })) {
          yield `${nameOfAttempt(run.attempt)} outlived its time limit of ${script.timeoutMs} ms`;
        }
      }
      yield* early(job, (seq) => truth.durableAt(job.id, seq)?.atMs ?? Infinity);
    }
  },
};

/** Nothing that writes nothing goes on for longer than it may. */
function* outlivedSilence(truth: Truth, { job, run, script }: { job: JobTruth; run: Run; script: ScriptPlan }) {
  const { noOutputTimeoutMs: limitMs } = script;
  if (limitMs === undefined || !run.mute) return;
  // A report that found the job frozen is made again one limit later.
  const withinMs = ladderMs(script) + slackMs + limitMs;
  const dueMs = run.startedAtMs + limitMs + frozenMs(job);
  if (overdue(truth, { dueMs, withinMs, doneMs: run.endedAtMs })) {
    yield `${nameOfAttempt(run.attempt)} wrote nothing for longer than ${limitMs} ms`;
  }
}

/** Who is stopped for being silent was, for long enough, and did not just stand still. */
function* earlySilence(job: JobTruth, { stop, atMs }: { stop: Stop; atMs: number }): Iterable<string> {
  const run = runOf(job, stop.script, stop.attempt);
  const limitMs = job.places.get(stop.script)?.script.noOutputTimeoutMs ?? Infinity;
  if (run === undefined || !run.mute || atMs < run.startedAtMs + limitMs || frozenMsBefore(job, stop) === Infinity) {
    yield `${job.id} ${stop.script}#${stop.attempt} was stopped as silent, and was not`;
  }
}

/** For so long time limits stood still, at most; for ever when nobody let the job go on. */
function frozenMs(job: JobTruth): number {
  let totalMs = 0;
  let isFrozen = false;
  for (const event of job.events) {
    if (event.type === "OrchestrationPaused") isFrozen ||= event.frozenAt !== undefined;
    if (event.type !== "OrchestrationResumed" && event.type !== "OrchestrationCancelRequested") continue;
    isFrozen = false;
    totalMs += event.frozenMs ?? 0;
  }
  return isFrozen ? Infinity : totalMs;
}

function* early(job: JobTruth, atMs: (seq: number) => number): Iterable<string> {
  const first = job.events[0];
  const ofJob = first?.type === "OrchestrationQueued" ? first.plan.timeoutMs : null;
  for (const event of job.events) {
    // The later rungs of the ladder come when they come: a freeze in between does not take the first one back.
    if (event.type !== "ScriptTerminating" || event.cause !== "timeout" || event.rung > 0) continue;
    if (event.silent === true) {
      yield* earlySilence(job, { stop: event, atMs: atMs(event.seq) });
      continue;
    }
    const place = job.places.get(event.script);
    // Then the limit that was over may be one of the stage or of the job.
    if (place === undefined || place.stage.timeoutMs !== null || ofJob !== null) continue;
    const run = runOf(job, event.script, event.attempt);
    const allowedMs = (place.script.timeoutMs ?? Infinity) + frozenMsBefore(job, event);
    if (run === undefined || atMs(event.seq) < run.startedAtMs + allowedMs) {
      yield `${job.id} ${event.script}#${event.attempt} was stopped before its time limit`;
    }
  }
}

/** For how long time limits stood still between the start of a script and its stop; for ever when they still do. */
function frozenMsBefore(job: JobTruth, stop: Stop): number {
  let totalMs = 0;
  let isFrozen = false;
  let hasStarted = false;
  for (const event of job.events) {
    if (event.seq >= stop.seq) break;
    if (event.type === "ScriptStarted" && event.script === stop.script && event.attempt === stop.attempt)
      hasStarted = true;
    else if (event.type === "OrchestrationPaused") isFrozen ||= hasStarted && event.frozenAt !== undefined;
    else if (event.type === "OrchestrationResumed" || event.type === "OrchestrationCancelRequested") {
      totalMs += isFrozen ? (event.frozenMs ?? 0) : 0;
      isFrozen = false;
    }
  }
  return isFrozen ? Infinity : totalMs;
}

function runOf(job: JobTruth, script: string, attempt: number): Run | undefined {
  return job.runs.find((run) => run.attempt.script === script && run.attempt.attempt === attempt);
}
