import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { stop } from "./stop.ts";

/** `aither daemon restart` */
export async function daemonRestart(context: Context): Promise<number> {
  await stop(context);
  const daemon = await context.client.daemon();
  if (context.json) await context.io.write(document(daemon));
  else if (!context.quiet) context.io.say(`aitherd started, pid ${daemon.pid}; running scripts went on`);
  return exit.done;
}
