/** The job that undoes another one which failed: the daemon starts it by itself, right behind the end. */
import { isAitherError, type JobHandle } from "@aither/client/node";
import type { JobDetail } from "@aither/protocol";
import type { Context } from "./context.ts";

const PATIENCE_MS = 5_000;
const LOOK_MS = 50;
/** It is among the newest. */
const NEWEST = 20;

/** Its number; null when nothing is to be undone, or nobody came to it in time. */
export async function undoneBy({ client }: Context, job: JobHandle, ended: JobDetail): Promise<number | null> {
  if (ended.status === "Completed") return null;
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until;) {
    const isOpen = await client.call("showUndo", { params: { id: job.id } }).then(
      () => true,
      (error: unknown) => {
        // Undone already, or without anything that could be.
        if (isAitherError(error)) return false;
        throw error;
      },
    );
    const { jobs } = await client.jobs({ limit: NEWEST });
    const undo = jobs.find(({ parent, name }) => parent === ended.jobId && name === `undo of #${ended.number}`);
    if (undo !== undefined) return undo.number;
    if (!isOpen) return null;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return null;
}
