import { fail, workspaceOf, type JobHandle, type What } from "@aither/client/node";
import { requireSourceInJob, requireSourceInPlan } from "../code-from.ts";
import type { Context } from "../context.ts";
import { handles } from "./playbooks/list.ts";
import { document } from "../display/json.ts";
import { planTree } from "../display/tree.ts";
import { exit } from "../exit.ts";
import { follow, followMode, type FollowMode } from "../follow.ts";
import { usage, type Input } from "../input.ts";
import { tellWarnings } from "../warnings.ts";
import { announce, playbookOf, startOptions, variablesOf } from "../start.ts";

/** `aither orch` */
export async function orch(context: Context, input: Input): Promise<number> {
  const [named] = input.args;
  if (named !== undefined) return begin(context, input, playbookOf(named, context.cwd));
  if (input.on("again")) return again(context, input);
  const playbooks = await context.client.playbooks({ workspace: workspaceOf(context.cwd) });
  const hint = playbooks.length === 0 ? "aither playbooks new NAME writes one" : "aither orch --again: the latest job";
  throw fail("USAGE", "which playbook?", { hint, candidates: handles(playbooks, workspaceOf(context.cwd)) });
}

/** What says how a job is planned; once more means as it was. */
const plannedBy =
  "profile env secret secret-file assume name timeout at priority pool dry-run use-cache refresh-cache summary";

/** The latest job once more: in its workspace, with its profile, variables and environment; its playbook as it is now. */
async function again(context: Context, input: Input): Promise<number> {
  const mode = await followMode(context, input);
  const odd = plannedBy.split(" ").find((flag) => input.has(flag));
  if (odd !== undefined)
    throw usage(
      `--${odd} does not go with --again: the job is started as it was`,
      "name the playbook to start it otherwise",
    );
  const { jobs } = await context.client.jobs({ limit: 1 });
  const [latest] = jobs;
  if (latest === undefined)
    throw usage("there is no job to start once more", "aither playbooks list shows what can be started");
  const codeFrom = input.text("exit-code-from");
  const parent = context.client.job(latest.jobId);
  if (codeFrom !== undefined) requireSourceInJob(await parent.status(), codeFrom);
  const job = await parent.retry({ from: "all", anew: true, variables: variablesOf(input) });
  if (mode === "plain" && !context.quiet)
    context.io.say(`Once more: #${latest.number} ${latest.playbook}, in ${latest.workspace}`);
  return afterStart(context, input, { job, mode, codeFrom, title: latest.playbook, more: "aither validate" });
}

/** Starts anything and, unless `--detach` or `--dry-run` say otherwise, follows it. */
export async function begin(context: Context, input: Input, what: What): Promise<number> {
  const mode = await followMode(context, input);
  const options = await startOptions(context, input);
  if (input.on("dry-run")) {
    const plan = await context.client.plan(what, options);
    if (context.json) await context.io.write(document(plan));
    else await context.io.lines(planTree(plan, context.io.theme));
    return exit.done;
  }
  const codeFrom = input.text("exit-code-from");
  if (codeFrom !== undefined) requireSourceInPlan(await context.client.plan(what, options), codeFrom);
  const job = await context.client.start(what, options);
  const title = typeof what === "string" ? what.replace(/^.*[/\\]/, "") : "";
  const typed = typeof what === "string" ? ` ${input.args[0] ?? what}` : "";
  return afterStart(context, input, { job, mode, codeFrom, title, more: `aither validate${typed}` });
}

type Started = {
  readonly job: JobHandle;
  readonly mode: FollowMode;
  readonly codeFrom: string | undefined;
  readonly title: string;
  /** What shows all warnings. */
  readonly more: string;
};

async function afterStart(
  context: Context,
  input: Input,
  { job, mode, codeFrom, title, more }: Started,
): Promise<number> {
  const { warnings } = job;
  if (mode !== "quiet") tellWarnings(context, warnings, more);
  if (!input.on("detach")) return follow(context, job, { mode, codeFrom, owner: true });
  const reply = { jobId: job.id, number: job.number ?? 0, status: "Queued" };
  return announce(context, { ...reply, ...(warnings.length > 0 && { warnings: [...warnings] }) }, title);
}
