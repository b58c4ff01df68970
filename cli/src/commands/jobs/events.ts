import type { Event } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { leaving } from "../../leaving.ts";
import { target } from "./target.ts";

/** `aither jobs events` */
export async function events(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const handle = await target(context, input.args[0]);
  const follow = input.on("follow");
  using leave = leaving(context, follow ? `aither events ${input.args[0] ?? "latest"} -f` : null);
  const after = input.count("after");
  for await (const event of handle.events({ follow, signal: leave.signal, ...(after !== undefined && { after }) })) {
    await io.write(`${context.json ? JSON.stringify(event) : eventLine(event, context)}\n`);
  }
  return leave.code ?? exit.done;
}

/** `12:30:01.123  14  StageStarted  Unit Tests` */
function eventLine(event: Event, { io, verbose }: Context): string {
  const { seq, time, type, v: _v, jobId: _jobId, ...rest } = event;
  const fields = rest as Record<string, unknown>;
  const about = ["stage", "leg", "script", "attempt", "reason", "cause", "signal", "exitCode"]
    .filter((name) => fields[name] !== undefined && fields[name] !== "")
    .map((name) =>
      ["stage", "leg", "script"].includes(name) ? String(fields[name]) : `${name}=${String(fields[name])}`,
    );
  const more = verbose ? ` ${JSON.stringify(rest)}` : "";
  return `${io.theme.dim(time.slice(11, 23))}  ${String(seq).padStart(4)}  ${type.padEnd(20)}  ${about.join(" ")}${more}`.trimEnd();
}
