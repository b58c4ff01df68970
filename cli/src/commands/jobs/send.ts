import type { SendInput } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { usage, type Input } from "../../input.ts";

/** `aither jobs send`: a line to the standard input of a running script. */
export async function send(context: Context, input: Input): Promise<number> {
  const [job = "", text] = input.args;
  const eof = input.on("eof");
  if (text === undefined && !eof)
    throw usage("nothing to send", "aither jobs send JOB 'a line', or --eof for the end of the input");
  const script = input.text("script");
  const body: SendInput = {
    ...(script !== undefined && { script }),
    ...(text !== undefined && { text: `${text}\n` }),
    ...(eof && { eof }),
  };
  const reply = await context.client.call("sendInput", { params: { id: job }, body });
  if (context.json) await context.io.write(document(reply));
  else if (!context.quiet) {
    const what = [text === undefined ? "" : `${reply.bytes} bytes`, eof ? "the end of its input" : ""];
    context.io.say(`#${reply.number} ${reply.script} was sent ${what.filter(Boolean).join(" and ")}`);
  }
  return exit.done;
}
