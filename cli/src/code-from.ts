/** `--exit-code-from`: a job whose end shall be told by one of its stages or scripts. */
import type { JobDetail, PlanView, StageView } from "@aither/protocol";
import { exit } from "./exit.ts";
import { usage } from "./input.ts";

/** The job's code, or that of one of its scripts: the first that failed, of the stage or script that was named. */
export function exitCodeOf(job: JobDetail, from: string | undefined): number {
  if (from === undefined) return job.exitCode ?? exit.done;
  const byId = new Map(job.stages.map((stage) => [stage.id, stage]));
  const isMeant = ({ id, name, within }: StageView): boolean => {
    const outer = within === undefined ? undefined : byId.get(within);
    return id === from || name === from || (outer !== undefined && isMeant(outer));
  };
  const scripts = job.stages.flatMap((stage) => {
    const all = stage.legs.flatMap((leg) => leg.scripts);
    return isMeant(stage) ? all : all.filter(({ key, number, name }) => [key, number, name].includes(from));
  });
  if (scripts.length === 0) throw unknownSource(from, `aither jobs status ${job.number} shows them`);
  const telling = scripts.find((script) => script.exitCode !== null && script.exitCode !== 0) ?? scripts.at(-1);
  return telling?.exitCode ?? job.exitCode ?? exit.failed;
}

/** Refuses what the job will never have; legs that only the run knows may yet bring it. */
export function requireSourceInJob(job: JobDetail, from: string): void {
  if (job.stages.some(({ legs }) => legs.length === 0)) return;
  exitCodeOf(job, from);
}

/** The same before anything is started. */
export function requireSourceInPlan({ stages, called, around }: PlanView, from: string): void {
  const isThere = [...stages, ...called, ...around].some(({ id, name, legs, dynamic }) => {
    const scripts = [...legs.flatMap((leg) => leg.scripts), ...(dynamic?.scripts ?? [])];
    if ([id, name, ...scripts.flatMap((one) => [one.key, one.number, one.name])].includes(from)) return true;
    return dynamic !== undefined && from.startsWith(`${id}[`);
  });
  if (!isThere) throw unknownSource(from, "aither plan shows them; nothing was started");
}

function unknownSource(from: string, hint: string): Error {
  return usage(`--exit-code-from ${from}: the job has no such stage or script`, hint);
}
