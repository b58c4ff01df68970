import type { Context } from "../../context.ts";
import type { Input } from "../../input.ts";
import { done } from "./done.ts";
import { ACTIVE } from "./target.ts";

/** `aither jobs resume`: without a name, the paused job. */
export async function resume(context: Context, input: Input): Promise<number> {
  const { client } = context;
  const named = input.args[0] ?? (await client.jobs({ status: "paused", limit: 1 })).jobs[0]?.jobId;
  const job = named ?? (await client.jobs({ status: ACTIVE, limit: 1 })).jobs[0]?.jobId ?? "latest";
  const reply = await client.call("resumeJob", { params: { id: job }, body: {} });
  return done(context, reply, `goes on · aither logs ${reply.number} -f`);
}
