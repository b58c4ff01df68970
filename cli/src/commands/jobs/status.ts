import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { jobTree } from "../../display/tree.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { target } from "./target.ts";

/** `aither jobs status` */
export async function jobStatus(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const handle = await target(context, input.args[0]);
  const job = await handle.status();
  const out = input.text("report");
  if (out !== undefined) {
    const { writeReport } = await import("../../cold.ts");
    await writeReport(context, handle, { format: "json", out });
  }
  if (context.json) await io.write(document(job));
  else if (context.quiet) await io.lines([job.status]);
  else await io.lines(jobTree(job, { theme: io.theme, nowMs: context.nowMs() }));
  return exit.done;
}
