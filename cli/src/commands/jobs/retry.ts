import type { RetryJob } from "@aither/protocol";
import { requireSourceInJob } from "../../code-from.ts";
import type { Context } from "../../context.ts";
import { follow, followMode } from "../../follow.ts";
import type { Input } from "../../input.ts";
import { announce, variablesOf } from "../../start.ts";
import { tellWarnings } from "../../warnings.ts";
import { target } from "./target.ts";

/** `aither jobs retry`: prints the new job's number. */
export async function retry(context: Context, input: Input): Promise<number> {
  const mode = await followMode(context, input);
  const job = await target(context, input.args[0]);
  const codeFrom = input.text("exit-code-from");
  if (codeFrom !== undefined) requireSourceInJob(await job.status(), codeFrom);
  const script = input.text("script");
  const variables = variablesOf(input);
  const body: RetryJob = {
    ...(script === undefined ? { from: input.on("all") ? ("all" as const) : ("failed" as const) } : { script }),
    ...(Object.keys(variables).length > 0 && { variables }),
  };
  const reply = await context.client.call("retryJob", { params: { id: job.id }, body });
  if (mode !== "quiet") tellWarnings(context, reply.warnings ?? [], "aither validate");
  if (!input.on("follow")) return announce(context, reply);
  return follow(context, context.client.job(reply.jobId), { mode, codeFrom });
}
