import type { JobDetail, ScriptView } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { done } from "./done.ts";
import { until } from "./until.ts";

/** `aither jobs skip`: returns when nothing of it runs any more. */
export async function skip(context: Context, input: Input): Promise<number> {
  const [job = "", what = ""] = input.args;
  const reason = input.text("reason");
  const body = { target: what, ...(reason !== undefined && { reason }) };
  const reply = await context.client.call("skipInJob", { params: { id: job }, body });
  if (!input.on("detach")) {
    const comeBack = `aither jobs status ${reply.number}`;
    const isOver = (now: JobDetail): boolean => meant(now, what).every((script) => !isUnderWay(script));
    const result = await until(context, context.client.job(reply.jobId), { isOver, comeBack });
    if (typeof result === "number") return result;
    if (context.json) return done(context, result, "");
    await done(context, result, `skipped ${what}`);
    return exit.done;
  }
  return done(context, reply, `skips ${what}`);
}

/** The scripts that a name means; the daemon has refused one that fits several. */
function meant(job: JobDetail, what: string): ScriptView[] {
  const wanted = what.toLowerCase();
  const fits = (names: readonly (string | null)[]): boolean => names.some((name) => name?.toLowerCase() === wanted);
  return job.stages.flatMap((stage) => {
    const scripts = stage.legs.flatMap((leg) => leg.scripts);
    if (fits([stage.id, stage.name])) return scripts;
    return scripts.filter(({ key, number, name }) => fits([key, number, name]));
  });
}

function isUnderWay({ status }: ScriptView): boolean {
  return status === "Queued" || status === "Running" || status === "Cancelling";
}
