import { createWriteStream, existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fail } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { table } from "../../display/table.ts";
import { exit } from "../../exit.ts";
import { type Input, usage } from "../../input.ts";
import { target } from "./target.ts";

/** `aither jobs artifacts`: what a job keeps; with a name, that file: on stdout, or where `-o` says. */
export async function artifacts(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const handle = await target(context, input.args[0]);
  const [, name] = input.args;
  const out = input.text("output");
  if (name === undefined) {
    if (out !== undefined) throw usage("-o wants to know which file: aither jobs artifacts JOB NAME -o FILE");
    const reply = await handle.artifacts();
    if (context.json) await io.write(document(reply));
    else if (reply.artifacts.length === 0) io.say(`job ${reply.number} keeps no files`);
    else await io.lines(rows(reply.artifacts));
    return exit.done;
  }
  if (out === undefined || out === "-") {
    for await (const chunk of handle.artifact(name)) await io.write(chunk);
    return exit.done;
  }
  await save(handle.artifact(name), resolve(context.cwd, out), input.on("force"));
  if (context.json) await io.write(document({ name, file: resolve(context.cwd, out) }));
  else if (!context.quiet) io.say(`${io.talkTheme.sign("Completed")} ${name} is now ${out}`);
  return exit.done;
}

function rows(kept: readonly { readonly name: string; readonly bytes: number; readonly changedAt: string }[]) {
  return table(
    [{ title: "NAME" }, { title: "BYTES", right: true }, { title: "CHANGED" }],
    kept.map(({ name, bytes, changedAt }) => [name, String(bytes), changedAt]),
  );
}

async function save(bytes: AsyncIterable<Uint8Array>, path: string, force: boolean): Promise<void> {
  if (existsSync(path) && !force)
    throw fail("USAGE", `${path} is there already`, { hint: "give -o another name, or --force to replace it" });
  // The first byte before the file: what is refused leaves nothing behind.
  const chunks = bytes[Symbol.asyncIterator]();
  const first = await chunks.next();
  mkdirSync(dirname(path), { recursive: true });
  await pipeline(async function* rest() {
    if (first.done !== true) yield first.value;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }, createWriteStream(path));
}
