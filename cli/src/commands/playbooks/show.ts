import { workspaceOf } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { playbookOf } from "../../start.ts";

/** `aither playbooks show` */
export async function showPlaybook(context: Context, input: Input): Promise<number> {
  const name = playbookOf(input.args[0] ?? "", context.cwd);
  const reply = await context.client.call("showPlaybook", {
    params: { name },
    query: { workspace: workspaceOf(context.cwd) },
  });
  if (context.json) await context.io.write(document(reply));
  else if (input.on("v3")) await context.io.write(`${JSON.stringify(reply.playbook, null, 2)}\n`);
  else await context.io.write(reply.text.endsWith("\n") ? reply.text : `${reply.text}\n`);
  return exit.done;
}
