import { detail, wantsSummary } from "@aither/core";
import type { JobDetail, ScriptView } from "@aither/protocol";
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { findState } from "../job-names.ts";
import { mount } from "../mount.ts";
import { ok } from "../outcome.ts";

export function showRoute(app: FastifyInstance, { host }: Context): void {
  mount(app, "showJob", async ({ params }) => {
    const found = await findState(host, params.id);
    if (!found.ok) return found;
    const { id } = found.value;
    const job = withPids(detail(found.value), await host.control.stoppingPids(found.value));
    const artifacts = await host.store.artifacts.list(id);
    const reports = await host.store.reports.list(found.value);
    const notifications = await host.after.notices(found.value);
    const summaryFile = wantsSummary(found.value) ? { summaryFile: await host.store.summaries.file(id) } : {};
    return ok({
      ...job,
      ...summaryFile,
      ...(notifications.length > 0 && { notifications: [...notifications] }),
      ...(reports.length > 0 && { reports: [...reports] }),
      ...(artifacts.length > 0 && { artifacts: [...artifacts] }),
    });
  });
}

/** Says of each script that is being stopped which of its processes are alive. */
function withPids(job: JobDetail, pids: ReadonlyMap<string, readonly number[]>): JobDetail {
  if (pids.size === 0) return job;
  const told = (script: ScriptView): ScriptView =>
    script.stopping === undefined
      ? script
      : { ...script, stopping: { ...script.stopping, pids: [...(pids.get(script.key) ?? [])] } };
  const stages = job.stages.map((stage) => ({
    ...stage,
    legs: stage.legs.map((leg) => ({ ...leg, scripts: leg.scripts.map(told) })),
  }));
  return { ...job, stages };
}
