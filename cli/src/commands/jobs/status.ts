import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { jobTree } from "../../display/tree.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { target } from "./target.ts";

/** `aither jobs status` */
export async function jobStatus(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const job = await (await target(context, input.args[0])).status();
  if (context.json) await io.write(document(job));
  else if (context.quiet) await io.lines([job.status]);
  else await io.lines(jobTree(job, { theme: io.theme, nowMs: context.nowMs() }));
  return exit.done;
}
