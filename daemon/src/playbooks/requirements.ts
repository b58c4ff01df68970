import { delimiter, join } from "node:path";
import type { Playbook } from "@aither/protocol";
import { isFile } from "./files.ts";

/** What a playbook requires and this machine does not have, in sentences. Checked before anything starts. */
export async function unmetRequirements(
  { requirements }: Playbook,
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  if (!requirements) return [];
  const unmet: string[] = [];
  const { platforms, requiredTools, environment } = requirements;
  const here = platformNames[process.platform] ?? [process.platform];
  const wanted = platforms?.map((platform) => platform.toLowerCase()) ?? [];
  const anywhere = ["crossplatform", "any", "all", "*"];
  if (wanted.length > 0 && !wanted.some((platform) => [...here, ...anywhere].includes(platform))) {
    unmet.push(`it runs on ${platforms!.join(", ")} only`);
  }
  for (const tool of requiredTools ?? []) {
    if (!(await onPath(tool, env))) unmet.push(`the program \`${tool}\` is not on PATH`);
  }
  for (const name of environment ?? []) {
    if (!env[name]) unmet.push(`the environment variable ${name} is not set`);
  }
  return unmet;
}

const platformNames: Readonly<Record<string, readonly string[]>> = {
  linux: ["linux", "ubuntu", "unix"],
  darwin: ["macos", "darwin", "mac", "osx", "unix"],
  win32: ["windows", "win32"],
};

async function onPath(tool: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  const endings = process.platform === "win32" ? ["", ".exe", ".cmd", ".bat"] : [""];
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter((part) => part !== "")) {
    for (const ending of endings) if (await isFile(join(folder, tool + ending))) return true;
  }
  return false;
}
