import type { Event, JobId, Plan, ScriptPlan } from "@aither/protocol";
import type { Host, OutputRef } from "../../host.ts";
import { jobEvents } from "../streams/job-events.ts";

/** One attempt with what is to be read of it, in this order. */
export type LogAttempt = { readonly script: string; readonly attempt: number; readonly streams: readonly OutputRef[] };

export type AttemptItem =
  | { readonly is: "scheduled"; readonly attempt: LogAttempt }
  /** Its script reported an end of this attempt: what comes after may depend on it. */
  | { readonly is: "ended"; readonly script: string }
  | { readonly is: "end" };

export type AttemptQuery = {
  readonly jobId: JobId;
  readonly keys: ReadonlySet<string> | null;
  readonly attempt: number | null;
  readonly follow: boolean;
  readonly signal: AbortSignal;
};

/**
 * The attempts of a job in the order in which the journal scheduled them. That order never changes, and a new attempt
 * always comes last, so the text made of them only grows.
 */
export async function* attemptsOf(host: Host, query: AttemptQuery): AsyncGenerator<AttemptItem, void> {
  const separate = new Set<string>();
  for await (const event of eventsOf(host, query)) {
    if (event === "end") {
      yield { is: "end" };
      return;
    }
    for (const script of scriptsIn(event)) if (script.separateStderr) separate.add(script.key);
    if (!("script" in event) || (query.keys !== null && !query.keys.has(event.script))) continue;
    if (event.type === "ScriptScheduled") {
      if (query.attempt !== null && query.attempt !== event.attempt) continue;
      yield { is: "scheduled", attempt: logAttempt(query.jobId, event, separate.has(event.script)) };
    } else if (endsAttempt.has(event.type)) {
      yield { is: "ended", script: event.script };
      if (!isAll(query, event)) continue;
      yield { is: "end" };
      return;
    }
  }
}

/** Whether one attempt was asked for, and this is its end: whoever follows it need not wait for the job's. */
function isAll({ keys, attempt }: AttemptQuery, event: Event): boolean {
  return keys?.size === 1 && attempt !== null && "attempt" in event && event.attempt === attempt;
}

async function* eventsOf(host: Host, { jobId, follow, signal }: AttemptQuery): AsyncGenerator<Event | "end", void> {
  if (!follow) {
    yield* host.store.events(jobId);
    yield "end";
    return;
  }
  for await (const item of jobEvents(host, { jobId, after: 0, signal })) {
    if (item.is === "event") yield item.event;
    if (item.is === "end") yield "end";
  }
}

const endsAttempt: ReadonlySet<Event["type"]> = new Set([
  "ScriptFenced",
  "ScriptInterrupted",
  "ScriptRetried",
  "ScriptCompleted",
  "ScriptFailed",
  "ScriptSkipped",
  "ScriptCancelled",
]);

function logAttempt(
  jobId: JobId,
  { script, attempt }: { script: string; attempt: number },
  hasStderr: boolean,
): LogAttempt {
  const ref = { jobId, script, attempt };
  const out: OutputRef = { ...ref, stream: "out" };
  return { script, attempt, streams: hasStderr ? [out, { ...ref, stream: "err" }] : [out] };
}

/** Scripts that an event brings into the job. */
function scriptsIn(event: Event): readonly ScriptPlan[] {
  if (event.type === "OrchestrationQueued") return planScripts(event.plan);
  if (event.type === "StageExpanded") return event.legs.flatMap(({ scripts }) => scripts);
  if (event.type === "ScriptExpanded") return event.scripts;
  return [];
}

function planScripts(plan: Plan): readonly ScriptPlan[] {
  return plan.stages.flatMap(({ legs }) => (legs ?? []).flatMap(({ scripts }) => scripts));
}
