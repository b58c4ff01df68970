/** All other commands, in one lazily loaded chunk. */
// Named here so that everything hot stays together in one chunk when this is bundled.
import { hot, type Run } from "./hot.ts";
import { listCache } from "./commands/cache/list.ts";
import { pruneCache } from "./commands/cache/prune.ts";
import { dashboard } from "./commands/dashboard.ts";
import { daemonAudit } from "./commands/daemon/audit.ts";
import { getSetting } from "./commands/config/get.ts";
import { listSettings } from "./commands/config/list.ts";
import { showPaths } from "./commands/config/path.ts";
import { setSetting } from "./commands/config/set.ts";
import { daemonLogs } from "./commands/daemon/logs.ts";
import { daemonRestart } from "./commands/daemon/restart.ts";
import { daemonStart } from "./commands/daemon/start.ts";
import { daemonStatus } from "./commands/daemon/status.ts";
import { daemonStop } from "./commands/daemon/stop.ts";
import { doctor } from "./commands/doctor.ts";
import { explain } from "./commands/explain.ts";
import { artifacts } from "./commands/jobs/artifacts.ts";
import { events } from "./commands/jobs/events.ts";
import { logs } from "./commands/jobs/logs.ts";
import { pause, toggle } from "./commands/jobs/pause.ts";
import { prune } from "./commands/jobs/prune.ts";
import { report } from "./commands/jobs/report.ts";
import { resume } from "./commands/jobs/resume.ts";
import { retry } from "./commands/jobs/retry.ts";
import { remove } from "./commands/jobs/rm.ts";
import { send } from "./commands/jobs/send.ts";
import { skip } from "./commands/jobs/skip.ts";
import { undo } from "./commands/jobs/undo.ts";
import { wait } from "./commands/jobs/wait.ts";
import { orch } from "./commands/orch.ts";
import { convertPlaybook } from "./commands/playbooks/convert.ts";
import { graphPlaybook } from "./commands/playbooks/graph.ts";
import { newPlaybook } from "./commands/playbooks/new.ts";
import { planPlaybook } from "./commands/playbooks/plan.ts";
import { showPlaybook } from "./commands/playbooks/show.ts";
import { validatePlaybook } from "./commands/playbooks/validate.ts";
import { runScripts } from "./commands/run.ts";
import { listScripts } from "./commands/scripts/list.ts";
import { selectScripts } from "./commands/scripts/select.ts";
import { showScript } from "./commands/scripts/show.ts";
import { search } from "./commands/search.ts";
import { serviceInstall } from "./commands/service/install.ts";
import { serviceStatus } from "./commands/service/status.ts";
import { serviceUninstall } from "./commands/service/uninstall.ts";
import { status } from "./commands/status.ts";

export { writeReport } from "./commands/jobs/report.ts";
export { until } from "./commands/jobs/until.ts";
export { explainUsage, printHelp, printVersion } from "./help.ts";

export const cold: Readonly<Record<string, Run>> = {
  ...hot,
  orch,
  run: runScripts,
  "jobs logs": logs,
  "jobs artifacts": artifacts,
  "jobs report": report,
  "jobs events": events,
  "jobs wait": wait,
  "jobs pause": pause,
  "jobs resume": resume,
  p: toggle,
  "jobs skip": skip,
  "jobs send": send,
  "jobs retry": retry,
  "jobs undo": undo,
  "jobs rm": remove,
  "jobs prune": prune,
  "playbooks convert": convertPlaybook,
  "playbooks graph": graphPlaybook,
  "playbooks new": newPlaybook,
  "playbooks show": showPlaybook,
  "playbooks plan": planPlaybook,
  "playbooks validate": validatePlaybook,
  "scripts list": listScripts,
  "scripts show": showScript,
  "scripts select": selectScripts,
  search,
  status,
  explain,
  "cache list": listCache,
  "cache prune": pruneCache,
  "config list": listSettings,
  "config get": getSetting,
  "config set": setSetting,
  "config path": showPaths,
  "daemon status": daemonStatus,
  "daemon start": daemonStart,
  "daemon stop": daemonStop,
  "daemon restart": daemonRestart,
  "daemon logs": daemonLogs,
  "daemon audit": daemonAudit,
  dashboard,
  doctor,
  "service install": serviceInstall,
  "service uninstall": serviceUninstall,
  "service status": serviceStatus,
};
