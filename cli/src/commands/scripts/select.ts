import { workspaceOf } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";

/** `aither scripts select` */
export async function selectScripts(context: Context, input: Input): Promise<number> {
  const body = { expression: input.args.join(","), workspace: workspaceOf(context.cwd) };
  const reply = await context.client.call("selectScripts", { body });
  if (context.json) await context.io.write(document(reply));
  else {
    await context.io.lines(reply.scripts);
    for (const one of reply.missing) context.io.say(`missing: ${one}`);
    for (const one of reply.unknown) context.io.say(`unknown: ${one}`);
  }
  return exit.done;
}
