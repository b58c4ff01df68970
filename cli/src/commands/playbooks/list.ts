import { workspaceOf } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { table } from "../../display/table.ts";
import { exit } from "../../exit.ts";

/** `aither playbooks list` */
export async function listPlaybooks(context: Context): Promise<number> {
  const { io } = context;
  const workspace = workspaceOf(context.cwd);
  const playbooks = await context.client.playbooks({ workspace });
  if (context.json) await io.write(document({ playbooks }));
  else if (context.quiet) await io.lines(playbooks.map((one) => one.name));
  else if (playbooks.length === 0) io.say(`There are no playbooks in ${workspace}.`);
  else {
    const head = [
      { title: "PLAYBOOK" },
      { title: "FORMAT" },
      { title: "CATEGORY" },
      { title: "DESCRIPTION", flexible: true },
    ];
    const rows = playbooks.map((one) => [one.name, one.format ?? "?", one.category, one.error ?? one.description]);
    await io.lines(table(head, rows, { columns: io.columns, paintHead: io.theme.dim }));
    for (const { path, error } of playbooks)
      if (error !== null) io.say(`${io.talkTheme.warn("warning:")} ${path}: ${error}`);
  }
  return exit.done;
}
