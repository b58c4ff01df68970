import { AitherError, type JobHandle } from "@aither/client/node";
import { problem, type JobSummary } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { ACTIVE } from "./target.ts";

/** `aither jobs cancel`: returns when the job has ended. */
export async function cancel(context: Context, input: Input): Promise<number> {
  const named = input.args[0];
  const job = named === undefined ? await theOnly(context, input) : context.client.job(named);
  if (job === null) return exit.stopped;
  const reason = input.text("reason");
  const body = { ...(reason !== undefined && { reason }), ...(input.on("force") && { force: true }) };
  let reply: JobSummary = await context.client.call("cancelJob", { params: { id: job.id }, body });
  if (!input.on("detach") && reply.status !== "Cancelled") {
    const { until } = await import("../../cold.ts");
    const comeBack = `aither wait ${reply.number}`;
    const result = await until(context, context.client.job(reply.jobId), { isOver: () => false, comeBack });
    if (typeof result === "number") return result;
    reply = result;
  }
  if (context.json) await context.io.write(document(reply));
  else if (!context.quiet) {
    const end = reply.status === "Cancelled" ? "is cancelled" : `is being cancelled · aither wait ${reply.number}`;
    context.io.say(`#${reply.number} ${reply.playbook} ${end}`);
  }
  return exit.done;
}

/** Nobody was named. One running job is meant, and a person is asked; of several, none is guessed. */
async function theOnly(context: Context, input: Input): Promise<JobHandle | null> {
  const { jobs } = await context.client.jobs({ status: ACTIVE, limit: 10 });
  const [job] = jobs;
  if (jobs.length > 1) {
    const candidates = jobs.map((one) => `#${one.number} ${one.playbook} (${one.status})`);
    throw new AitherError(
      problem("JOB_AMBIGUOUS", `${jobs.length} jobs are running`, {
        hint: "say which: aither cancel NUMBER",
        candidates,
      }),
    );
  }
  if (job === undefined) throw new AitherError(problem("JOB_NOT_FOUND", "no job is running"));
  if (context.io.interactive && !input.on("yes") && !context.json) {
    const { confirm } = await import("../../confirm.ts");
    if (!(await confirm(`Cancel #${job.number} ${job.playbook}?`))) return null;
  }
  return context.client.job(job.jobId);
}
