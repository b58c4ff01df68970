import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { sizeText } from "../../display/size.ts";
import { exit } from "../../exit.ts";
import { usage, type Input } from "../../input.ts";
import { cacheTable } from "./list.ts";

/** `aither cache prune` */
export async function pruneCache(context: Context, input: Input): Promise<number> {
  const olderThanMs = input.timeMs("older-than");
  const bytesMax = input.bytes("keep-bytes");
  const all = input.on("all");
  if (olderThanMs === undefined && bytesMax === undefined && !all) {
    throw usage(
      "which results? none of --older-than, --keep-bytes and --all was given",
      "aither cache prune --older-than 14d --keep-bytes 1GB",
    );
  }
  const dryRun = input.on("dry-run");
  const body = {
    ...(olderThanMs !== undefined && { olderThanMs }),
    ...(bytesMax !== undefined && { bytesMax }),
    ...(all && { all }),
    dryRun,
  };
  const reply = await context.client.call("pruneCache", { body });
  if (context.json) await context.io.write(document(reply));
  else {
    if (reply.removed.length > 0) await context.io.lines(cacheTable(context, reply.removed));
    const count = `${reply.removed.length} ${reply.removed.length === 1 ? "result" : "results"}`;
    if (!context.quiet) context.io.say(`${count} ${dryRun ? "would be removed" : "removed"}, ${sizeText(reply.bytes)}`);
  }
  return exit.done;
}
