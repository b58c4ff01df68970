import { createWriteStream, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fail, hasEnded, type JobHandle } from "@aither/client/node";
import type { ReportFormat } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { usage, type Input } from "../../input.ts";
import { target } from "./target.ts";

const names: Readonly<Record<string, ReportFormat>> = {
  md: "md",
  markdown: "md",
  json: "json",
  junit: "junit",
  xml: "junit",
  html: "html",
};
const byEnding: Readonly<Record<string, ReportFormat>> = {
  ".md": "md",
  ".markdown": "md",
  ".json": "json",
  ".xml": "junit",
  ".html": "html",
  ".htm": "html",
};

/** `aither jobs report`: on stdout, or where `-o` says. */
export async function report(context: Context, input: Input): Promise<number> {
  const out = input.text("output");
  const format = formatOf(input.text("format"), { out, json: context.json });
  const handle = await target(context, input.args[0]);
  if (out === undefined || out === "-") {
    for await (const chunk of handle.report({ format })) await context.io.write(chunk);
    return exit.done;
  }
  await writeReport(context, handle, { format, out });
  if (context.json) await context.io.write(document({ format, file: resolve(context.cwd, out) }));
  return exit.done;
}

/** Writes it to a file, which is there whole or as it was. */
export async function writeReport(
  context: Context,
  handle: JobHandle,
  { format, out }: { format: ReportFormat; out: string },
): Promise<void> {
  const path = resolve(context.cwd, out);
  try {
    await save(handle.report({ format }), path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw fail("USAGE", `${out} cannot be written: ${message}`, {
      hint: "name a file in a folder that you may write to",
    });
  }
  if (context.quiet || context.json) return;
  const job = await handle.status();
  const open = hasEnded(job) ? "" : `; #${job.number} goes on, so it is not the last word`;
  context.io.say(`${context.io.talkTheme.sign("Completed")} the report of #${job.number} is in ${out}${open}`);
}

function formatOf(wish: string | undefined, { out, json }: { out: string | undefined; json: boolean }): ReportFormat {
  if (wish === undefined) {
    const ending = extname(out ?? "").toLowerCase();
    const format = byEnding[ending];
    // A name without an ending says nothing; one that says something else is not to be given what it is not.
    if (format === undefined && ending !== "")
      throw usage(
        `no report is written as ${ending}: ${out}`,
        "end its name in .md, .json, .xml or .html, or say --format",
      );
    return json ? "json" : (format ?? "md");
  }
  const format = names[wish.toLowerCase()];
  if (format === undefined)
    throw usage(`--format ${JSON.stringify(wish)} is none of those there are`, "md, json, junit or html");
  return format;
}

async function save(bytes: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  // The first byte before the file: what is refused leaves nothing behind.
  const chunks = bytes[Symbol.asyncIterator]();
  const first = await chunks.next();
  const all = async function* all(): AsyncGenerator<Uint8Array> {
    if (first.done !== true) yield first.value;
    yield* { [Symbol.asyncIterator]: () => chunks };
  };
  const there = statSync(path, { throwIfNoEntry: false });
  // A pipe or a device is written to; a file is replaced.
  if (there !== undefined && !there.isFile()) return pipeline(all, createWriteStream(path));
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(all, createWriteStream(temporary));
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
