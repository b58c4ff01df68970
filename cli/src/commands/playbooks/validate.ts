import { workspaceOf } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { diagnosticLine } from "../../errors.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { playbookOf } from "../../start.ts";

/** `aither playbooks validate`: findings are data; the exit code says whether it is usable. */
export async function validatePlaybook(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const playbook = playbookOf(input.args[0] ?? "", context.cwd);
  const reply = await context.client.call("validatePlaybook", {
    body: { playbook, workspace: workspaceOf(context.cwd) },
  });
  if (context.json) await io.write(document(reply));
  else {
    const lines = reply.diagnostics.flatMap((one) => [
      diagnosticLine(one, io.theme),
      ...(one.fix === null ? [] : [`  ${io.theme.dim(one.fix)}`]),
    ]);
    const loose = reply.notEnforced.map(
      (one) => `${io.theme.warn("not enforced")}: ${one.where}: ${one.what} — ${one.reason}`,
    );
    await io.lines([...lines, ...loose]);
    if (reply.valid && !context.quiet) io.say(`${io.talkTheme.sign("Completed")} ${input.args[0]} is valid`);
  }
  return reply.valid ? exit.done : exit.usage;
}
