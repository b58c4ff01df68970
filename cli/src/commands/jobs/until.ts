/** Waits until what was asked for is so, and tells how far it is when that takes a while. */
import { hasEnded, type JobHandle } from "@aither/client/node";
import type { JobDetail, ScriptView } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { stoppingText } from "../../display/tree.ts";
import { exit } from "../../exit.ts";
import { leaving } from "../../leaving.ts";

const SLICE_MS = 400;

export type Until = {
  readonly isOver: (job: JobDetail) => boolean;
  /** Said when the waiting is given up; what was asked for goes on. */
  readonly comeBack: string;
};

/** Gives the job once it is over, or the exit code of whoever stopped waiting. */
export async function until(context: Context, handle: JobHandle, wanted: Until): Promise<JobDetail | number> {
  using left = leaving(context, wanted.comeBack);
  const told = new Set<string>();
  for (;;) {
    try {
      const job = await handle.wait({ timeoutMs: SLICE_MS, signal: left.signal });
      if (hasEnded(job) || wanted.isOver(job)) return job;
      if (!context.quiet && !context.json) tell(context, await handle.status({ signal: left.signal }), told);
    } catch (error) {
      if (left.signal.aborted) return left.code ?? exit.stopped;
      throw error;
    }
  }
}

/** Each rung of each script's ladder once. */
function tell(context: Context, job: JobDetail, told: Set<string>): void {
  for (const script of scriptsOf(job)) {
    const { stopping } = script;
    if (stopping === undefined || told.has(`${script.key} ${stopping.signal}`)) continue;
    told.add(`${script.key} ${stopping.signal}`);
    context.io.say(`  ${script.name} ${stoppingText(stopping, context.nowMs())}`);
  }
}

function scriptsOf(job: JobDetail): readonly ScriptView[] {
  return job.stages.flatMap((stage) => stage.legs.flatMap((leg) => leg.scripts));
}
