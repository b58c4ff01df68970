/** Small questions that several checkers ask. */
import type { Event } from "@aither/protocol";
import type { Harm, History, JournalHistory } from "../lib/history.ts";
import type { ScriptSpec } from "../lib/script.ts";
import { scriptsOf, type JobSpec } from "../lib/workload.ts";

export type Ended = {
  readonly script: string;
  readonly attempt: number;
  readonly code: number | undefined;
  readonly how: string;
};

export function specsById(history: History): Map<number, ScriptSpec> {
  return new Map(history.jobs.flatMap(({ spec }) => scriptsOf(spec).map((script) => [script.id, script] as const)));
}

/** The jobs that were asked for, each with the journal of its key. */
export function* journalled(history: History): Iterable<{ spec: JobSpec; journal: JournalHistory }> {
  const byKey = new Map(history.journals.map((journal) => [journal.key, journal]));
  for (const { spec } of history.jobs) {
    const journal = byKey.get(spec.key);
    if (journal !== undefined) yield { spec, journal };
  }
}

/** `jobId/x17.1` → 17. Stems are `<key>.<attempt>` and keys end in the step's name. */
export function idOf(marker: string): number {
  return Number(/x(\d+)\.\d+$/.exec(marker)?.[1] ?? Number.NaN);
}

export function attemptOf(marker: string): number {
  return Number(/\.(\d+)$/.exec(marker)?.[1] ?? Number.NaN);
}

/** The script's id out of its key. */
export function idOfKey(key: string): number {
  return Number(/x(\d+)$/.exec(key)?.[1] ?? Number.NaN);
}

export function jobOf(marker: string): string {
  return marker.slice(0, marker.indexOf("/"));
}

export function harmsTo(history: History, marker: string): ReadonlySet<Harm> {
  return history.harms.get(marker) ?? new Set();
}

export function wasCancelled(events: readonly Event[]): boolean {
  return events.some(({ type }) => type === "OrchestrationCancelRequested");
}

/** How each attempt ended, by the journal; an attempt that never started is not among them. */
export function endsOf(events: readonly Event[]): Ended[] {
  return events.flatMap((event): Ended[] => {
    if (event.type === "ScriptCompleted") {
      return [{ script: event.script, attempt: event.attempt, code: event.exitCode, how: "completed" }];
    }
    if (event.type !== "ScriptFailed" && event.type !== "ScriptRetried") return [];
    const { failure } = event;
    const code = failure.kind === "exit" || failure.kind === "signal" ? failure.code : undefined;
    return [{ script: event.script, attempt: event.attempt, code, how: failure.kind }];
  });
}
