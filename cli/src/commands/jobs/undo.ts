import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { follow, followMode } from "../../follow.ts";
import type { Input } from "../../input.ts";
import { announce } from "../../start.ts";
import { target } from "./target.ts";

/** `aither jobs undo`: starts the job that undoes another, and prints its number. */
export async function undo(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const mode = await followMode(context, input);
  const job = await target(context, input.args[0]);
  if (input.on("dry-run")) {
    const reply = await context.client.call("showUndo", { params: { id: job.id } });
    if (context.json) await io.write(document(reply));
    else
      await io.lines(reply.scripts.map(({ name, undoes }, index) => `${index + 1}. ${name} ${io.theme.dim(undoes)}`));
    return exit.done;
  }
  const reply = await context.client.call("undoJob", { params: { id: job.id }, body: {} });
  if (!input.on("follow")) return announce(context, reply);
  return follow(context, context.client.job(reply.jobId), { mode, codeFrom: undefined });
}
