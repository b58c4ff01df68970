/** `aither`. Parses, runs one command, sets the exit code. The hot commands are here; all else is loaded when asked for. */
import { resolve } from "node:path";
import { fail } from "@aither/client/node";
import { openContext } from "./context.ts";
import { tellError } from "./errors.ts";
import { exit } from "./exit.ts";
import { hot, type Run } from "./hot.ts";
import type { Input } from "./input.ts";
import { openIo } from "./io.ts";
import { parse, type Parsed } from "./parse.ts";

function main(argv: readonly string[]): void {
  run(argv).then(
    (code) => {
      // Not process.exit: what is still on its way to a slow reader must arrive.
      process.exitCode = code;
    },
    (error: unknown) => {
      process.exitCode = tellError(openIo(process.env), error, { json: argv.includes("--json") });
    },
  );
}

async function run(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv);
  if (parsed.is !== "command") return talk(parsed, argv);
  const { command, input } = parsed;
  const cwd = workingDirectory(input);
  const context = openContext(input, cwd);
  try {
    const run: Run = hot[command.name] ?? (await import("./cold.ts")).cold[command.name]!;
    return await run(context, input);
  } catch (error) {
    if (context.io.unread.aborted) return exit.done;
    return tellError(context.io, error, { json: context.json });
  }
}

async function talk(parsed: Exclude<Parsed, { is: "command" }>, argv: readonly string[]): Promise<number> {
  const { explainUsage, printHelp, printVersion } = await import("./cold.ts");
  const json = argv.includes("--json");
  const io = openIo(process.env);
  switch (parsed.is) {
    case "version":
      return printVersion(io, { json });
    case "help":
      return printHelp(io, parsed.topic);
    case "wrong":
      return tellError(io, await explainUsage(parsed), { json });
    default:
      return parsed satisfies never;
  }
}

/** `-C DIR`, as git has it. */
function workingDirectory(input: Input): string {
  const directory = input.text("directory");
  if (directory === undefined) return process.cwd();
  const { statSync } = process.getBuiltinModule("node:fs");
  const cwd = resolve(directory);
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    throw fail("WORKSPACE_INVALID", `-C ${directory}: there is no such folder`);
  return cwd;
}

main(process.argv.slice(2));
