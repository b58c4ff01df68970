import { relative } from "node:path";
import { workspaceOf } from "@aither/client/node";
import type { PlaybookSummary } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { table } from "../../display/table.ts";
import { exit } from "../../exit.ts";

/** What one types to mean this one: its name, or its path where the name is another's, too. */
export function handles(playbooks: readonly PlaybookSummary[], workspace: string): string[] {
  const counts = new Map<string, number>();
  for (const { name } of playbooks) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  return playbooks.map(({ name, path }) => (counts.get(name.toLowerCase()) === 1 ? name : relative(workspace, path)));
}

/** `aither playbooks list` */
export async function listPlaybooks(context: Context): Promise<number> {
  const { io } = context;
  const workspace = workspaceOf(context.cwd);
  const playbooks = await context.client.playbooks({ workspace });
  if (context.json) await io.write(document({ playbooks }));
  else if (context.quiet) await io.lines(handles(playbooks, workspace));
  else if (playbooks.length === 0)
    io.say(`There are no playbooks in ${workspace}. aither playbooks new NAME writes one.`);
  else {
    const head = [
      { title: "PLAYBOOK" },
      { title: "FORMAT" },
      { title: "CATEGORY" },
      { title: "DESCRIPTION", flexible: true },
    ];
    const names = handles(playbooks, workspace);
    const rows = playbooks.map((one, at) => [
      names[at] ?? "",
      one.format ?? "?",
      one.category,
      one.error ?? one.description,
    ]);
    await io.lines(table(head, rows, { columns: io.columns, paintHead: io.theme.dim }));
    for (const { path, error } of playbooks)
      if (error !== null) io.say(`${io.talkTheme.warn("warning:")} ${path}: ${error}`);
  }
  return exit.done;
}
