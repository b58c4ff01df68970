import type { SearchHit } from "@aither/protocol";
import type { Context } from "../context.ts";
import { plain } from "../display/line.ts";
import { writtenAt } from "../display/written-at.ts";
import { exit } from "../exit.ts";
import { usage, type Input } from "../input.ts";
import { leaving } from "../leaving.ts";

/** `aither search`: 0 when something was found, 1 when nothing was, as of `grep`. */
export async function search(context: Context, input: Input): Promise<number> {
  const [text = ""] = input.args;
  const sinceMs = input.timeMs("since");
  using leave = leaving(context, null);
  const hits = context.client.search(text, {
    ...(input.on("regex") && { re: true }),
    ...(input.on("ignore-case") && { case: false }),
    job: input.text("job"),
    script: input.text("script"),
    stream: streamOf(input.text("stream")),
    ...(sinceMs !== undefined && { since: new Date(Date.now() - sinceMs).toISOString() }),
    max: input.count("max"),
    signal: leave.signal,
  });
  const timestamps = input.on("timestamps");
  let isFound = false;
  for await (const hit of hits) {
    isFound = true;
    await context.io.write(context.json ? `${JSON.stringify(hit)}\n` : line(context, hit, { timestamps }));
  }
  return leave.code ?? (isFound ? exit.done : exit.failed);
}

type Shown = { readonly timestamps: boolean };

/** `42/build/0402:17: text`, and `#2` behind the script when it was not its first attempt. */
function line({ io: { theme } }: Context, hit: SearchHit, { timestamps }: Shown): string {
  const { number, script, attempt, stream, line: at, time, text } = hit;
  const when = timestamps ? writtenAt(time, theme) : "";
  const where = `${number}/${script}${attempt > 1 ? `#${attempt}` : ""}${stream === "err" ? ".err" : ""}`;
  return `${when}${theme.dim(`${where}:${at}:`)} ${plain(text, theme)}\n`;
}

function streamOf(text: string | undefined): "out" | "err" | undefined {
  if (text === undefined || text === "out" || text === "err") return text;
  throw usage(`--stream is out or err, not ${JSON.stringify(text)}`);
}
