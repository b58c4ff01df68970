import type { JobSummary } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";

/** Says that a wish was taken. */
export async function done(context: Context, job: JobSummary, what: string): Promise<number> {
  if (context.json) await context.io.write(document(job));
  else if (!context.quiet) context.io.say(`#${job.number} ${job.playbook} ${what}`);
  return exit.done;
}
