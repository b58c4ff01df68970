import { workspaceOf } from "@aither/client/node";
import type { JobSummary } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { ago, between } from "../../display/duration.ts";
import { document } from "../../display/json.ts";
import { table } from "../../display/table.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";

const LIMIT_DEFAULT = 20;

/** `aither jobs list` */
export async function list(context: Context, input: Input): Promise<number> {
  const { client, io } = context;
  const sinceMs = input.timeMs("since");
  const page = await client.jobs({
    status: input.text("status"),
    playbook: input.text("playbook"),
    text: input.text("text"),
    workspace: input.on("here") ? workspaceOf(context.cwd) : undefined,
    since: sinceMs === undefined ? undefined : new Date(context.nowMs() - sinceMs).toISOString(),
    limit: input.count("limit") ?? LIMIT_DEFAULT,
    before: input.count("before"),
  });
  if (context.json) await io.write(document(page));
  else if (context.quiet) await io.lines(page.jobs.map((job) => String(job.number)));
  else if (page.jobs.length === 0) io.say("There are no such jobs. Start one: aither orch PLAYBOOK");
  else {
    await io.lines(jobTable(context, page.jobs));
    for (const { number, reason } of page.jobs)
      if (reason.startsWith("set aside: ")) io.say(`${io.talkTheme.warn("!")} job ${number} is ${reason}`);
    if (page.next !== null) io.say(context.io.talkTheme.dim(`More: aither jobs list --before ${page.next}`));
  }
  return exit.done;
}

const head = [
  { title: "JOB", right: true },
  { title: "STATUS" },
  { title: "PLAYBOOK", flexible: true },
  { title: "SCRIPTS", right: true },
  { title: "TOOK", right: true },
  { title: "QUEUED" },
];

/** Those that came to an end of their own; what is skipped did not run. */
function ranCount({ counts }: JobSummary): number {
  return counts.completed + counts.failed + counts.cancelled;
}

export function jobTable(context: Context, jobs: readonly JobSummary[]): string[] {
  const { theme, columns } = context.io;
  const nowMs = context.nowMs();
  const rows = jobs.map((job) => [
    String(job.number),
    `${theme.sign(job.status)} ${theme.status(job.status)}`,
    job.name && job.name !== job.playbook ? `${job.playbook} (${job.name})` : job.playbook,
    `${ranCount(job)}/${job.counts.total}`,
    between(job.startedAt, job.endedAt, nowMs),
    ago(nowMs - Date.parse(job.queuedAt)),
  ]);
  return table(head, rows, { columns, paintHead: theme.dim });
}
