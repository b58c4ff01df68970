import type { DaemonStatus } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { ago } from "../../display/duration.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";

/** An older daemon says nothing of it. */
function cgroupLine({ cgroup }: DaemonStatus): string[] {
  if (cgroup === undefined) return [];
  return [`cgroups ${cgroup.folder ?? `none: ${cgroup.why}`}`];
}

/** `aither daemon status`: never starts one; 3 when there is none. */
export async function daemonStatus(context: Context): Promise<number> {
  const reply = await context.calmClient.daemon();
  if (context.json) await context.io.write(document(reply));
  else {
    const { jobs } = reply;
    await context.io.lines([
      `aitherd ${reply.version}, pid ${reply.pid}, started ${ago(context.nowMs() - Date.parse(reply.startedAt))}`,
      `home    ${reply.home}`,
      `socket  ${reply.socket}`,
      `jobs    ${jobs.active} active (${jobs.liveScripts} scripts running), ${jobs.finished} ended`,
      ...cgroupLine(reply),
      `memory  ${Math.round(reply.rssBytes / 1_048_576)} MB`,
    ]);
  }
  return exit.done;
}
