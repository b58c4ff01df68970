import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fail } from "@aither/client/node";
import { settings, settingVariable, valueOfText } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { usage, type Input } from "../../input.ts";
import { hintFor, knownSetting, readSettingsFiles, type SettingsFile } from "../../settings.ts";

/** `aither config set NAME VALUE`: changes this one key of a settings file and nothing else of it. */
export async function setSetting(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const [given = "", text] = input.args;
  const name = await knownSetting(given);
  const unset = input.on("unset");
  if (unset !== (text === undefined))
    throw usage(unset ? "--unset takes no value" : `which value shall ${name} have?`, await hintFor(name));
  const { reader } = settings[name];
  const here = input.on("workspace");
  if (here && reader === "daemon")
    throw usage(
      `${name} is the daemon's, which serves every workspace`,
      `aither config set ${name} … without --workspace`,
    );
  const files = await readSettingsFiles(context);
  const file = here ? files.workspace : files.user;
  const value = text === undefined ? undefined : checked(name, text, await hintFor(name));
  write(file, { ...file.values, [name]: value });
  if (context.json) await io.write(document({ name, value: value ?? null, path: file.path }));
  else if (!context.quiet) io.say(unset ? `${name} is taken out of ${file.path}` : `${name} is set in ${file.path}`);
  if (context.env[settingVariable(name)] && !context.quiet)
    io.say(`  ${settingVariable(name)} is set, too, and counts before it`);
  if (reader === "daemon" && !context.quiet)
    io.say("  the daemon reads it when it starts: aither daemon restart (scripts run on)");
  return exit.done;
}

function checked(name: keyof typeof settings, text: string, hint: string): unknown {
  const value = valueOfText(text);
  const read = settings[name].read(value);
  if ("wrong" in read) throw fail("SETTING_INVALID", `${name} ${read.wrong}`, { hint });
  return value;
}

/** The new file or the old one, never half of each: beside it first, then in its place. */
function write({ path, text }: SettingsFile, values: Readonly<Record<string, unknown>>): void {
  const indent = /^\{\r?\n([ \t]+)"/.exec(text ?? "")?.[1] ?? "  ";
  const beside = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(beside, `${JSON.stringify(values, null, indent)}\n`, { mode: 0o600, flush: true });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw fail("SETTING_INVALID", `${path} cannot be written: ${(error as Error).message}`, {
      hint: "see whether you may write there",
    });
  }
}
