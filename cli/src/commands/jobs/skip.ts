import type { Context } from "../../context.ts";
import type { Input } from "../../input.ts";
import { done } from "./done.ts";

/** `aither jobs skip` */
export async function skip(context: Context, input: Input): Promise<number> {
  const [job = "", what = ""] = input.args;
  const reason = input.text("reason");
  const body = { target: what, ...(reason !== undefined && { reason }) };
  const reply = await context.client.call("skipInJob", { params: { id: job }, body });
  return done(context, reply, `skips ${what}`);
}
