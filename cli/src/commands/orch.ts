import type { What } from "@aither/client/node";
import { requireSourceInPlan } from "../code-from.ts";
import type { Context } from "../context.ts";
import { document } from "../display/json.ts";
import { planTree } from "../display/tree.ts";
import { exit } from "../exit.ts";
import { follow, followMode } from "../follow.ts";
import { usage, type Input } from "../input.ts";
import { announce, playbookOf, startOptions } from "../start.ts";

/** `aither orch` */
export async function orch(context: Context, input: Input): Promise<number> {
  const [named] = input.args;
  if (named !== undefined) return begin(context, input, playbookOf(named, context.cwd));
  // `a0 r` alone means once more.
  const { jobs } = await context.client.jobs({ limit: 1 });
  const [latest] = jobs;
  if (latest === undefined)
    throw usage("which playbook? there is no job to run again", "aither playbooks list shows what there is");
  const { file } = await context.client.job(latest.jobId).status();
  if (file === null)
    throw usage(
      `which playbook? #${latest.number} did not come from one`,
      `aither retry ${latest.number} --all runs it again`,
    );
  return begin(context, input, file);
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
  const number = job.number ?? 0;
  const title = typeof what === "string" ? what.replace(/^.*[/\\]/, "") : "";
  if (input.on("detach")) return announce(context, { jobId: job.id, number, status: "Queued" }, title);
  return follow(context, job, { mode, codeFrom, owner: true });
}
