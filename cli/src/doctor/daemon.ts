/** Whether a daemon answers, and whether it is of this version. Starts none. */
import { isAitherError, isUnreachable, readService } from "@aither/client/node";
import { VERSION } from "@aither/protocol";
import type { Context } from "../context.ts";
import { bad, good, warn, type Finding } from "./finding.ts";
import { lockHolder } from "./home.ts";

export async function daemonFindings({ calmClient, places, env }: Context): Promise<Finding[]> {
  const holder = lockHolder(places);
  const lock = holder.is === "held" ? `held by process ${holder.pid}` : holder.is;
  try {
    const { pid, version } = await calmClient.daemon();
    const found = [good("daemon", `answers, pid ${pid}, version ${version}`), good("lock", lock)];
    if (version !== VERSION)
      found.push(
        warn("version", `the daemon is ${version}, this command ${VERSION}`, "aither daemon restart; scripts run on"),
      );
    return [...found, ...serviceFindings(places.home)];
  } catch (error) {
    if (!isAitherError(error)) throw error;
    const { message } = error;
    if (!isUnreachable(error)) return [bad("daemon", message, "aither daemon restart; scripts run on")];
    if (env["AITHER_HOST"])
      return [bad("daemon", `nobody answers at ${env["AITHER_HOST"]}`, "unset AITHER_HOST, or start it there")];
    if (holder.is === "held")
      return [bad("daemon", `process ${holder.pid} holds the lock and does not answer`, "aither daemon logs says why")];
    return [
      good("daemon", "does not run; the next command starts it"),
      good("lock", lock),
      ...serviceFindings(places.home),
    ];
  }
}

function serviceFindings(home: string): Finding[] {
  const service = readService(home);
  return service === null ? [] : [good("service", `${service.name} (${service.manager}); aither service status`)];
}
