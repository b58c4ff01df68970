/** What a start is made of, from what was typed. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { jobEnvironment, workspaceOf, type StartOptions } from "@aither/client/node";
import { isShallow, type Json, type StartJobReply } from "@aither/protocol";
import type { Context } from "./context.ts";
import { document } from "./display/json.ts";
import { exit } from "./exit.ts";
import { startTime } from "./at.ts";
import { secretsOf } from "./secrets.ts";
import { usage, type Input } from "./input.ts";

/** The daemon stands elsewhere: a file that is there from here is named from the root; anything else is a name. */
export function playbookOf(text: string, cwd: string): string {
  const path = resolve(cwd, text);
  return /[/\\]|\.(json|ya?ml|psd1)$/i.test(text) && existsSync(path) ? path : text;
}

/** `--var count=3` is a number, `--var on=true` a boolean, `[…]` and `{…}` JSON; `0402` and all else stay text. */
export function variablesOf(input: Input): Record<string, Json> {
  return Object.fromEntries(input.pairs("var").map(([name, text]) => [name, valueOf(text)]));
}

function valueOf(text: string): Json {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?(0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  if (/^[[{]/.test(text)) {
    try {
      const value = JSON.parse(text) as Json;
      return isShallow(value) ? value : text;
    } catch {
      return text;
    }
  }
  return text;
}

export async function startOptions(context: Context, input: Input): Promise<StartOptions> {
  const at = input.text("at");
  const given = {
    profile: input.text("profile"),
    name: input.text("name"),
    timeoutMs: input.timeMs("timeout"),
    priority: priorityOf(input.text("priority")),
    pool: input.text("pool"),
    assume: assumed(input.text("assume")),
    useCache: input.on("use-cache") || undefined,
    refreshCache: input.on("refresh-cache") || undefined,
    generateSummary: input.on("summary") || undefined,
    at: at === undefined ? undefined : startTime(at, context.nowMs()),
  };
  const set = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<StartOptions>;
  const workspace = workspaceOf(context.cwd);
  const secrets = secretsOf(context, input);
  return {
    ...set,
    variables: variablesOf(input),
    workspace,
    ...((await bringsEnvironment(context, input)) && {
      env: { ...jobEnvironment(context.env), PWD: workspace, ...Object.fromEntries(input.pairs("env")) },
      umask: process.umask(),
    }),
    ...(Object.keys(secrets).length > 0 && { secrets }),
  };
}

/**
 * Only `admin` may say from which environment scripts start, for whoever says it can make them do anything. With a
 * lesser token they start from the daemon's own, unless something was asked for by name: that is refused aloud.
 */
async function bringsEnvironment({ client, env }: Context, input: Input): Promise<boolean> {
  if (!env["AITHER_HOST"]?.startsWith("http:") || input.pairs("env").length > 0) return true;
  return (await client.call("showSession", {})).role === "admin";
}

function assumed(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  throw usage(`--assume wants true or false, not ${JSON.stringify(text)}`);
}

function priorityOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[+-]?\d{1,3}$/.test(text) && Math.abs(Number(text)) <= 100) return Number(text);
  throw usage(`--priority wants a whole number from -100 to 100, not ${JSON.stringify(text)}`);
}

/** The number is data, the rest is talk. */
export async function announce(
  context: Context,
  reply: Pick<StartJobReply, "jobId" | "number" | "status" | "warnings">,
  what = "",
): Promise<number> {
  if (context.json) await context.io.write(document(reply));
  else await context.io.lines([String(reply.number)]);
  if (!context.quiet && !context.json) {
    context.io.say(`Started #${reply.number}${what && ` ${what}`} · aither logs ${reply.number} -f`);
  }
  return exit.done;
}
