import type { CacheEntryView } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { ago } from "../../display/duration.ts";
import { document } from "../../display/json.ts";
import { sizeText } from "../../display/size.ts";
import { table } from "../../display/table.ts";
import { exit } from "../../exit.ts";

/** `aither cache list`: the last used first, as they would stay. */
export async function listCache(context: Context): Promise<number> {
  const { io } = context;
  const reply = await context.client.call("listCache", {});
  if (context.json) await io.write(document(reply));
  else if (reply.entries.length === 0) io.say("the cache is empty · aither orch PLAYBOOK --use-cache fills it");
  else {
    await io.lines(cacheTable(context, reply.entries));
    if (!context.quiet) {
      const count = `${reply.entries.length} ${reply.entries.length === 1 ? "result" : "results"}`;
      io.say(`${count}, ${sizeText(reply.bytes)} of ${sizeText(reply.bytesMax)}`);
    }
  }
  return exit.done;
}

export function cacheTable(context: Context, entries: readonly CacheEntryView[]): string[] {
  return table(
    [
      { title: "ENTRY" },
      { title: "JOB" },
      { title: "SCRIPT", flexible: true },
      { title: "SIZE", right: true },
      { title: "FILES", right: true },
      { title: "LAST USED" },
    ],
    entries.map(({ key, number, playbook, script, bytes, files, usedAt }) => [
      key.slice(0, 12),
      `#${number} ${playbook}`,
      script,
      sizeText(bytes),
      String(files),
      ago(context.nowMs() - Date.parse(usedAt)),
    ]),
    { columns: context.io.columns, paintHead: context.io.theme.dim },
  );
}
