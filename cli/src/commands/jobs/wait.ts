import { hasEnded } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { between } from "../../display/duration.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { exitCodeOf, requireSourceInJob } from "../../code-from.ts";
import type { Input } from "../../input.ts";
import { target } from "./target.ts";

/** `aither jobs wait`: ends with the job's own exit code. */
export async function wait(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const handle = await target(context, input.args[0]);
  const codeFrom = input.text("exit-code-from");
  if (codeFrom !== undefined) requireSourceInJob(await handle.status(), codeFrom);
  const job = await handle.wait({ timeoutMs: input.timeMs("timeout") });
  if (context.json) await io.write(document(job));
  if (!hasEnded(job)) {
    if (!context.quiet && !context.json)
      io.say(`#${job.number} ${job.playbook} is still ${job.status.toLowerCase()}; it goes on`);
    return exit.timeout;
  }
  if (!context.quiet && !context.json) {
    const took = between(job.startedAt, job.endedAt, context.nowMs());
    const { talkTheme } = io;
    io.say(
      `${talkTheme.sign(job.status)} #${job.number} ${job.playbook} ${job.status.toLowerCase()}${took && ` in ${took}`}`,
    );
  }
  return exitCodeOf(job, codeFrom);
}
