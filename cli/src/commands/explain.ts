import type { Context } from "../context.ts";
import { document } from "../display/json.ts";
import { exit } from "../exit.ts";
import type { Input } from "../input.ts";
import { target } from "./jobs/target.ts";

/** `aither explain` */
export async function explain(context: Context, input: Input): Promise<number> {
  const [named, subject] = input.args;
  const job = await target(context, named);
  const reply = await context.client.call("explainJob", { params: { id: job.id }, query: { subject } });
  if (context.json) await context.io.write(document(reply));
  else {
    const { theme } = context.io;
    const reason = reply.reason && ` — ${reply.reason}`;
    await context.io.lines([
      `${theme.sign(reply.status)} ${theme.bold(reply.subject)} ${theme.status(reply.status)}${reason}`,
      ...reply.because.map((one) => `  ${one}`),
    ]);
  }
  return exit.done;
}
