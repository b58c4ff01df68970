import { workspaceOf } from "@aither/client/node";
import type { Playbook, Reply } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { playbookOf } from "../../start.ts";

export type FoundPlaybook = Omit<Reply<"showPlaybook">, "playbook"> & { readonly playbook: Playbook };

/** The playbook of that name or file, as it was written and as the v3 model. */
export async function findPlaybook(context: Context, text: string): Promise<FoundPlaybook> {
  const reply = await context.client.call("showPlaybook", {
    params: { name: playbookOf(text, context.cwd) },
    query: { workspace: workspaceOf(context.cwd) },
  });
  // The daemon read it with the same model that these types are made from.
  return { ...reply, playbook: reply.playbook as unknown as Playbook };
}
