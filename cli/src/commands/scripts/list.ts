import { workspaceOf } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { table } from "../../display/table.ts";
import { exit } from "../../exit.ts";

/** `aither scripts list` */
export async function listScripts(context: Context): Promise<number> {
  const { io } = context;
  const workspace = workspaceOf(context.cwd);
  const scripts = await context.client.scripts({ workspace });
  if (context.json) await io.write(document({ scripts }));
  else if (context.quiet) await io.lines(scripts.map((one) => one.number));
  else if (scripts.length === 0) io.say(`There are no numbered scripts in ${workspace}.`);
  else {
    const head = [{ title: "NUMBER" }, { title: "NAME" }, { title: "STAGE" }, { title: "DESCRIPTION", flexible: true }];
    const rows = scripts.map((one) => [one.number, one.name.replace(/^\d{4}[_-]/, ""), one.stage, one.description]);
    await io.lines(table(head, rows, { columns: io.columns, paintHead: io.theme.dim }));
  }
  return exit.done;
}
