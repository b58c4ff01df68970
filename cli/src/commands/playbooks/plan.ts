import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { planTree } from "../../display/tree.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { playbookOf, startOptions } from "../../start.ts";

/** `aither playbooks plan` */
export async function planPlaybook(context: Context, input: Input): Promise<number> {
  const plan = await context.client.plan(
    playbookOf(input.args[0] ?? "", context.cwd),
    await startOptions(context, input),
  );
  if (context.json) await context.io.write(document(plan));
  else await context.io.lines(planTree(plan, context.io.theme));
  return exit.done;
}
