/** Whether a daemon answers, and whether it is of this version. Starts none. */
import { isAitherError, isUnreachable, lockHolder, readService } from "@aither/client/node";
import { VERSION, type DaemonStatus } from "@aither/protocol";
import type { Context } from "../context.ts";
import { bad, good, warn, type Finding } from "./finding.ts";

const PATIENCE_MS = 5_000;

export async function daemonFindings({ calmClient, places, env }: Context): Promise<Finding[]> {
  const holder = lockHolder(places);
  const who = holder.is === "held" && holder.pid !== null ? `process ${holder.pid}` : "another user's process";
  const lock = holder.is === "held" ? `held by ${who}` : holder.is;
  try {
    const {
      pid,
      version,
      cgroup,
      setAside = [],
    } = await calmClient.call("daemonStatus", { signal: AbortSignal.timeout(PATIENCE_MS) });
    const found = [good("daemon", `answers, pid ${pid}, version ${version}`), good("lock", lock)];
    if (cgroup !== undefined) found.push(cgroupFinding(cgroup));
    if (version !== VERSION)
      found.push(
        warn("version", `the daemon is ${version}, this command ${VERSION}`, "aither daemon restart; scripts run on"),
      );
    for (const { jobId, number, reason, mend } of setAside)
      found.push(bad(`job ${number ?? jobId.slice(0, 8)}`, `is set aside: ${reason}`, mend));
    return [...found, ...serviceFindings(places.home)];
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") return [silence(holder)];
    if (!isAitherError(error)) throw error;
    const { message } = error;
    if (!isUnreachable(error)) return [bad("daemon", message, "aither daemon restart; scripts run on")];
    if (env["AITHER_HOST"])
      return [bad("daemon", `nobody answers at ${env["AITHER_HOST"]}`, "unset AITHER_HOST, or start it there")];
    if (holder.is === "held")
      return [bad("daemon", `${who} holds the lock and does not answer`, "aither daemon logs says why")];
    return [
      good("daemon", "does not run; the next command starts it"),
      good("lock", lock),
      ...serviceFindings(places.home),
    ];
  }
}

/** Nothing is wrong without: then a child that sheds every mark on purpose may live on. */
function cgroupFinding({ folder, why }: NonNullable<DaemonStatus["cgroup"]>): Finding {
  return folder === null
    ? good("control groups", `none: ${why}; processes are known by session, marker and output`)
    : good("control groups", `one for each attempt, below ${folder}`);
}

function silence(holder: ReturnType<typeof lockHolder>): Finding {
  const pid = holder.is === "held" ? holder.pid : null;
  const who = pid === null ? "somebody" : `process ${pid}`;
  const mend =
    pid !== null
      ? `kill -CONT ${pid} if it was stopped; else aither daemon logs says why`
      : "aither daemon logs says why";
  return bad("daemon", `${who} listens and did not answer within ${PATIENCE_MS / 1_000} s`, mend);
}

function serviceFindings(home: string): Finding[] {
  const service = readService(home);
  return service === null ? [] : [good("service", `${service.name} (${service.manager}); aither service status`)];
}
