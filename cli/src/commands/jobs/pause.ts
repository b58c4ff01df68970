import type { Context } from "../../context.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { done } from "./done.ts";
import { target } from "./target.ts";

/** `aither jobs pause` */
export async function pause(context: Context, input: Input): Promise<number> {
  const job = await target(context, input.args[0]);
  const reason = input.text("reason");
  const freeze = input.on("freeze");
  const body = { ...(reason !== undefined && { reason }), ...(freeze && { freeze }) };
  const reply = await context.client.call("pauseJob", { params: { id: job.id }, body });
  const how = freeze ? "is frozen: its scripts stand still" : "is paused: running scripts go on, no new one starts";
  return done(context, reply, `${how} · aither resume ${reply.number}`);
}

/** `a0 p`: pauses; a paused job goes on. */
export async function toggle(context: Context, input: Input): Promise<number> {
  const job = await target(context, input.args[0]);
  const { status } = await job.status();
  const name = status === "Paused" ? "resumeJob" : "pauseJob";
  const reply = await context.client.call(name, { params: { id: job.id }, body: {} });
  await done(context, reply, status === "Paused" ? "goes on" : "is paused · a0 p goes on");
  return exit.done;
}
