/** What the settings say here: environment, workspace, user. A mistake in a file is told with its place. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fail, workspaceOf } from "@aither/client/node";
import {
  environmentSource,
  findSetting,
  isSettingName,
  settings,
  settingsFileOf,
  settingVariable,
  type SettingFound,
  type SettingName,
  type SettingSource,
} from "@aither/protocol";
import type { Context } from "./context.ts";

export type SettingsFile = {
  readonly origin: "workspace" | "user";
  readonly path: string;
  /** Null when there is no such file. */
  readonly text: string | null;
  readonly values: Readonly<Record<string, unknown>>;
};

export type Files = { readonly workspace: SettingsFile; readonly user: SettingsFile };

type Around = Pick<Context, "env" | "cwd">;

export function settingsPaths({ env, cwd }: Around): { readonly workspace: string; readonly user: string } {
  return { workspace: join(workspaceOf(cwd), ".aither", "config.json"), user: settingsFileOf(env, homedir()) };
}

export async function readSettingsFiles(around: Around): Promise<Files> {
  const paths = settingsPaths(around);
  const [workspace, user] = [await readOne("workspace", paths.workspace), await readOne("user", paths.user)];
  return { workspace, user };
}

/** The value that counts for a command here. Throws SETTING_INVALID, with the place. */
export async function settingHere(around: Around, name: SettingName): Promise<Extract<SettingFound, { is: "value" }>> {
  const files = await readSettingsFiles(around);
  const found = lookUp(around, files, name);
  if (found.is === "value") return found;
  throw await mistake(files, name, found);
}

export function lookUp({ env }: Pick<Around, "env">, { workspace, user }: Files, name: SettingName): SettingFound {
  const source = ({ origin, path, values }: SettingsFile): SettingSource => ({ origin, where: () => path, values });
  // The daemon serves every workspace of its home: none of them has a say in how it runs.
  const mine = settings[name].reader === "daemon" ? [] : [source(workspace)];
  return findSetting(name, [environmentSource(env), ...mine, source(user)]);
}

export async function mistake(files: Files, name: string, found: Extract<SettingFound, { is: "wrong" }>) {
  const file = [files.workspace, files.user].find(({ origin }) => origin === found.origin);
  const place = file === undefined ? found.where : await placeIn(file, [name]);
  return fail("SETTING_INVALID", `${place}: ${found.what}`, { hint: await hintFor(name) });
}

/** Keys that mean nothing where they stand, each with its place: the rest of the file counts all the same. */
export async function strangers(files: Files): Promise<{ place: string; says: string; mend: string }[]> {
  const found = [];
  for (const file of [files.workspace, files.user]) {
    for (const name of Object.keys(file.values)) {
      const place = await placeIn(file, [name], true);
      if (!isSettingName(name))
        found.push({ place, says: `there is no setting \`${name}\``, mend: (await likeness(name)) ?? "remove it" });
      else if (file.origin === "workspace" && settings[name].reader === "daemon")
        found.push({
          place,
          says: `\`${name}\` is the daemon's, which serves every workspace`,
          mend: `aither config set ${name} … puts it into ${files.user.path}`,
        });
    }
  }
  return found;
}

/** The name, or USAGE with the one that was meant. */
export async function knownSetting(name: string): Promise<SettingName> {
  if (isSettingName(name)) return name;
  const like = await likeness(name);
  const hint = like ?? "aither config list shows what there is";
  throw fail("USAGE", `there is no setting ${JSON.stringify(name)}`, { hint });
}

async function likeness(name: string): Promise<string | null> {
  const { nearest } = await import("@aither/core");
  const like = nearest(name, Object.keys(settings));
  return like === null ? null : `did you mean ${like}?`;
}

export async function hintFor(name: string): Promise<string> {
  if (!isSettingName(name)) return "aither config list shows what there is";
  return `${name} is ${settings[name].type}; aither config set ${name} VALUE, or ${settingVariable(name)}`;
}

async function readOne(origin: SettingsFile["origin"], path: string): Promise<SettingsFile> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { origin, path, text: null, values: {} };
    throw fail("SETTING_INVALID", `${path} cannot be read: ${(error as Error).message}`);
  }
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    const place = await placeIn({ path, text }, null);
    throw fail("SETTING_INVALID", `${place}: ${(error as Error).message}`, { hint: `mend ${path}; it is JSON` });
  }
  if (typeof values === "object" && values !== null && !Array.isArray(values))
    return { origin, path, text, values: values as Record<string, unknown> };
  throw fail("SETTING_INVALID", `${path}:1:1: the settings must be a JSON object`, {
    hint: 'such as {"keepDays": 30}',
  });
}

async function placeIn(
  { path, text }: Pick<SettingsFile, "path" | "text">,
  at: readonly string[] | null,
  onKey = false,
): Promise<string> {
  const { walkJson } = await import("@aither/playbook");
  const walk = walkJson(text ?? "", at, { onKey });
  return walk.is === "not-found" ? path : `${path}:${walk.place.line}:${walk.place.col}`;
}
