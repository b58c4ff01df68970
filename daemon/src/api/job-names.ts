import type { JobState } from "@aither/core";
import type { Outcome } from "@aither/engine";
import type { JobId, JobStatus } from "@aither/protocol";
import type { Host } from "../host.ts";
import { ok, refuse } from "./outcome.ts";

/**
 * Which job is meant: its number, its id or a unique part of it, `latest`, a playbook's name (its latest job); `@` is
 * the newest, `@2` the one before it, `@failed` the newest that failed.
 */
export async function findJob({ store }: Host, name: string): Promise<Outcome<JobId>> {
  if (name.startsWith("@")) return findByAge(store, name.slice(1));
  const found = await store.find(name);
  switch (found.is) {
    case "one":
      return ok(found.jobId);
    case "many":
      return refuse("JOB_AMBIGUOUS", `${JSON.stringify(name)} fits ${found.candidates.length} jobs`, found);
    case "none":
      return notFound(name);
    default:
      return found satisfies never;
  }
}

/** The job's state, wherever it is kept. */
export async function findState(host: Host, name: string): Promise<Outcome<JobState>> {
  const found = await findJob(host, name);
  if (!found.ok) return found;
  const state = await host.store.state(found.value);
  return state === null ? notFound(name) : ok(state);
}

function notFound(name: string) {
  return refuse("JOB_NOT_FOUND", `there is no job ${JSON.stringify(name)}`);
}

async function findByAge(store: Host["store"], age: string): Promise<Outcome<JobId>> {
  const failed: readonly JobStatus[] = ["Failed"];
  const isFailed = age.toLowerCase() === "failed";
  const nth = age === "" || isFailed ? 1 : /^[1-9]\d{0,3}$/.test(age) ? Number(age) : 0;
  if (nth === 0) return notFound(`@${age}`);
  const { jobs } = await store.list({ limit: nth, ...(isFailed && { statuses: failed }) });
  const job = jobs[nth - 1];
  return job === undefined ? notFound(`@${age}`) : ok(job.jobId);
}
