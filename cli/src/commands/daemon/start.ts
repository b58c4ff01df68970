import { isUnreachable } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";

/** `aither daemon start`: 0 when one runs afterwards, whoever started it. */
export async function daemonStart(context: Context): Promise<number> {
  const before = await context.calmClient.daemon().catch((error: unknown) => {
    if (!isUnreachable(error)) throw error;
    return null;
  });
  const daemon = before ?? (await context.client.daemon());
  if (context.json) await context.io.write(document(daemon));
  else if (!context.quiet) context.io.say(`aitherd ${before ? "runs already" : "started"}, pid ${daemon.pid}`);
  return exit.done;
}
