import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { usage, type Input } from "../../input.ts";

/** `aither jobs prune` */
export async function prune(context: Context, input: Input): Promise<number> {
  const olderThanMs = input.timeMs("older-than");
  const keep = input.count("keep");
  if (olderThanMs === undefined && keep === undefined) {
    throw usage(
      "which jobs? neither --older-than nor --keep was given",
      "aither jobs prune --older-than 30d --keep 50",
    );
  }
  const dryRun = input.on("dry-run");
  const body = { ...(olderThanMs !== undefined && { olderThanMs }), ...(keep !== undefined && { keep }), dryRun };
  const reply = await context.client.call("pruneJobs", { body });
  if (context.json) await context.io.write(document(reply));
  else await context.io.lines(reply.removed.map(String));
  if (!context.quiet && !context.json)
    context.io.say(`${reply.removed.length} ${dryRun ? "would be removed" : "removed"}`);
  return exit.done;
}
