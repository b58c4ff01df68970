import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fail, isUnreachable, serviceMarker } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { define, type Definition } from "../../service/definition.ts";
import { lingers, runAll, spell } from "../../service/run.ts";
import { stop } from "../daemon/stop.ts";

/** `aither service install`: writes the service's file and starts it, or says what to run. Scripts run on. */
export async function serviceInstall(context: Context, input: Input): Promise<number> {
  const definition = define(context, { system: input.on("system") });
  if (input.on("dry-run")) return show(context, definition);
  write(definition);
  if (definition.absent === null) {
    // One daemon a home: the one that a command started makes room. What it runs is adopted.
    await stop(context);
    mark(definition);
    const failed = runAll(definition.install);
    if (failed !== null) throw fail("DAEMON_START_FAILED", failed, { hint: `the file is ${definition.file}` });
    await answers(context);
  } else mark(definition);
  await tell(context, definition);
  return exit.done;
}

async function show({ io, json }: Context, definition: Definition): Promise<number> {
  const { service, file, text, beside, install } = definition;
  if (json) await io.write(document({ ...service, file, text, beside, commands: install }));
  else
    await io.lines([
      ...[{ file, text }, ...beside].flatMap((one) => [`# ${one.file}`, ...one.text.trimEnd().split("\n"), ""]),
      ...install.map((one) => `# then: ${spell(one)}`),
    ]);
  return exit.done;
}

function write({ file, text, beside, encoding, facts }: Definition): void {
  try {
    // The service manager appends to the log before the daemon has made anything.
    for (const folder of [facts.home, dirname(facts.lock)]) makePrivate(folder);
    for (const path of [facts.log, facts.lock]) closeSync(openSync(path, "a", 0o600));
    mkdirSync(dirname(file), { recursive: true });
    for (const one of [...beside, { file, text }]) replace(one.file, one.text, encoding);
  } catch (error) {
    rmSync(`${file}.new`, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    const hint = code === "EACCES" ? "a unit of the machine is root's to install" : "";
    throw fail(code === "EACCES" ? "FORBIDDEN" : "HOME_UNUSABLE", `${file} cannot be written: ${message}`, {
      ...(hint !== "" && { hint }),
      cause: error,
    });
  }
}

function replace(file: string, text: string, encoding: Definition["encoding"]): void {
  writeFileSync(`${file}.new`, encoding === "utf16le" ? `\ufeff${text}` : text, { encoding, mode: 0o644 });
  chmodSync(`${file}.new`, 0o644);
  renameSync(`${file}.new`, file);
}

function makePrivate(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(folder) === folder) throw error;
    makePrivate(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}

/** From now on commands start and stop this daemon through its manager. */
function mark({ facts, service }: Definition): void {
  writeFileSync(serviceMarker(facts.home), `${JSON.stringify(service)}\n`, { mode: 0o600 });
}

const PATIENCE_MS = 30_000;
const POLL_MS = 50;

/** The manager says "started" when the program runs; we say it when the daemon answers. */
async function answers({ calmClient, places }: Context): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await calmClient.daemon();
      return;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
    if (Date.now() > until)
      throw fail("DAEMON_START_FAILED", `the service was started and does not answer: ${lastLine(places.daemonLog)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function lastLine(path: string): string {
  return readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "";
}

async function tell({ io, json, quiet }: Context, definition: Definition): Promise<void> {
  const { service, file, install, absent } = definition;
  const stays = service.manager === "systemd-user" ? lingers() : null;
  if (json) {
    const active = absent === null;
    await io.write(document({ ...service, file, active, absent, commands: active ? [] : install, lingers: stays }));
    return;
  }
  if (quiet) return;
  io.say(`wrote ${file}`);
  if (absent === null) io.say(`${service.name} runs, and starts again by itself`);
  else {
    io.say(`${absent}, so nothing was started. Where it runs:`);
    for (const command of install) io.say(`  ${spell(command)}`);
  }
  if (stays === false)
    io.say("! at your last logout systemd ends it, and your scripts with it, until you run: loginctl enable-linger");
}
