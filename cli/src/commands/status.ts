import type { Context } from "../context.ts";
import { ago } from "../display/duration.ts";
import { document } from "../display/json.ts";
import { exit } from "../exit.ts";
import type { Input } from "../input.ts";
import { jobTable } from "./jobs/list.ts";
import { ACTIVE } from "./jobs/target.ts";

const RUNNING_MAX = 50;
const RECENT_MAX = 5;

/** `aither status`, and the bare `aither` */
export async function status(context: Context, input: Input): Promise<number> {
  const { client, io } = context;
  const [daemon, running, recent] = await Promise.all([
    client.daemon(),
    client.jobs({ status: ACTIVE, limit: RUNNING_MAX }),
    client.jobs({ status: "completed,failed,cancelled", limit: RECENT_MAX }),
  ]);
  if (context.json) {
    await io.write(document({ daemon, running: running.jobs, recent: recent.jobs }));
    return exit.done;
  }
  const { theme } = io;
  const up = ago(context.nowMs() - Date.parse(daemon.startedAt));
  const lines = [`${theme.bold("aitherd")} ${daemon.version} · pid ${daemon.pid} · started ${up} · ${daemon.home}`];
  if (running.jobs.length > 0) lines.push("", ...jobTable(context, running.jobs));
  if (recent.jobs.length > 0) lines.push("", theme.dim("Ended lately"), ...jobTable(context, recent.jobs));
  if (running.jobs.length === 0) lines.push("", "Nothing is running.");
  await io.lines(lines);
  for (const { jobId, number, reason, mend } of daemon.setAside ?? [])
    io.say(`${io.talkTheme.warn("!")} job ${number ?? jobId} is set aside: ${reason}\n  ${mend}`);
  if (input.command === "")
    io.say(`\n${io.talkTheme.dim("aither orch PLAYBOOK starts a job · aither playbooks list · aither help")}`);
  return exit.done;
}
