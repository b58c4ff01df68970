import type { JobHandle } from "@aither/client/node";
import type { Context } from "../../context.ts";

export const ACTIVE = "queued,running,paused,cancelling";

/** The job that was named; else one that has not ended; else the latest. */
export async function target(context: Context, named: string | undefined): Promise<JobHandle> {
  if (named !== undefined) return context.client.job(named);
  const { jobs } = await context.client.jobs({ status: ACTIVE, limit: 1 });
  return context.client.job(jobs[0]?.jobId ?? "latest");
}
