import { workspaceOf } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";

/** `aither scripts show` */
export async function showScript(context: Context, input: Input): Promise<number> {
  const query = { workspace: workspaceOf(context.cwd) };
  const reply = await context.client.call("showScript", { params: { name: input.args[0] ?? "" }, query });
  if (context.json) await context.io.write(document(reply));
  else {
    if (!context.quiet) context.io.say(context.io.talkTheme.dim(reply.script.path));
    await context.io.write(reply.text.endsWith("\n") ? reply.text : `${reply.text}\n`);
  }
  return exit.done;
}
