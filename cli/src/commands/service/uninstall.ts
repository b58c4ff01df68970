import { existsSync, rmSync } from "node:fs";
import { fail, readService, serviceMarker } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { defineInstalled } from "../../service/definition.ts";
import { runAll, spell } from "../../service/run.ts";

/** `aither service uninstall`: stops the service and removes its file. Jobs stay, scripts run on. */
export async function serviceUninstall(context: Context, input: Input): Promise<number> {
  const { places, io, json, quiet } = context;
  const definition = defineInstalled(context, { system: input.on("system") });
  const { file, beside, service, uninstall, afterwards, absent } = definition;
  const was = readService(places.home) !== null || existsSync(file);
  const commands = [...uninstall, ...afterwards];
  if (input.on("dry-run")) {
    if (json) await io.write(document({ ...service, file, installed: was, commands }));
    else await io.lines(was ? [`# remove ${file}`, ...commands.map((one) => `# run: ${spell(one)}`)] : []);
    return exit.done;
  }
  if (was) {
    const failed = absent === null && existsSync(file) ? runAll(uninstall) : null;
    if (failed !== null) throw fail("DAEMON_UNREACHABLE", failed, { hint: `the file is ${file}` });
    for (const one of [{ file }, ...beside]) remove(one.file);
    rmSync(serviceMarker(places.home), { force: true });
    if (absent === null) runAll(afterwards);
  }
  if (json) await io.write(document({ ...service, file, removed: was }));
  else if (!quiet)
    io.say(was ? `removed ${file}; jobs stay, and running scripts go on` : "no service was installed for this home");
  return exit.done;
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw fail("FORBIDDEN", `${file} cannot be removed: ${(error as Error).message}`, { cause: error });
  }
}
