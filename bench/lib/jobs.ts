import type { Event } from "@aither/protocol";
import type { Bench } from "./daemon.ts";

export type Step = { readonly script: string };

/** The text of a playbook with one stage. */
export function oneStage(steps: readonly Step[], parallel: number): string {
  const stage = parallel > 1 ? { parallel: true, maxConcurrency: parallel, steps } : { steps };
  return JSON.stringify({
    apiVersion: "aither/v1",
    metadata: { name: "bench" },
    orchestration: { defaults: { shell: "sh" }, jobs: { work: stage } },
  });
}

/** Starts a job from unsaved text. Returns its number. */
export async function start(bench: Bench, text: string): Promise<number> {
  const answer = (await bench.api.call("POST", "/api/orchestrate", {
    text,
    workspace: bench.folder,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: bench.folder },
  })) as { number: number };
  return answer.number;
}

export type Seen = { readonly event: Event; readonly atMs: number };

/** Every event of a job with the moment it came, from the first to the last. */
export async function* events(bench: Bench, job: number): AsyncIterable<Seen> {
  for await (const line of bench.api.lines(`/api/jobs/${job}/events?follow=true`)) {
    if (line.text !== "") yield { event: JSON.parse(line.text) as Event, atMs: line.atMs };
  }
}

/** Waits for the end of a job; another end than `Completed` is an error. */
export async function finish(bench: Bench, job: number): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for await (const one of events(bench, job)) seen.push(one);
  const last = seen.at(-1)?.event;
  if (last?.type !== "OrchestrationCompleted") throw new Error(`job ${job} ended with ${JSON.stringify(last)}`);
  return seen;
}
