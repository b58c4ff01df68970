import type { JobSummary } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { playbookPage } from "../../display/playbook.ts";
import { exit } from "../../exit.ts";
import { type Input, usage } from "../../input.ts";
import { findPlaybook } from "./found.ts";

/** So many completed runs say how long the next one takes. */
const RUNS_MAX = 9;

/** `aither playbooks show`: for people; `--text` gives the file as it is, `--v3` and `--json` give it to programs. */
export async function showPlaybook(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const ways = ["text", "v3"].filter((flag) => input.on(flag));
  if (ways.length + Number(context.json) > 1) throw usage("choose one of --text, --v3 and --json");
  const { text, playbook, ...rest } = await findPlaybook(context, input.args[0] ?? "");
  if (context.json) await io.write(document({ ...rest, text, playbook }));
  else if (input.on("v3")) await io.write(`${JSON.stringify(playbook, null, 2)}\n`);
  else if (input.on("text")) await io.write(text);
  else {
    // Jobs remember the playbook's own name.
    const page = await context.client.jobs({ playbook: rest.name, status: "Completed", limit: RUNS_MAX });
    await io.lines(playbookPage({ ...rest, playbook, tookMs: page.jobs.flatMap(tookMs) }, io.theme));
  }
  return exit.done;
}

function tookMs({ startedAt, endedAt }: JobSummary): number[] {
  return startedAt === null || endedAt === null ? [] : [Date.parse(endedAt) - Date.parse(startedAt)];
}
