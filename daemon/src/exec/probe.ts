/** Looks at the machine for a check: what is there, what is on PATH, which PowerShell it is. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { filledText, type CheckContext, type Found, type Look, type Probe } from "@aither/core";
import { matcherOf } from "./glob.ts";

export type Machine = {
  readonly workspace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For templates in paths. */
  readonly context: CheckContext;
};

export function lookerAt(machine: Machine): Look {
  return (probe) => look(probe, machine);
}

function look(probe: Probe, machine: Machine): Found {
  const { workspace, env } = machine;
  switch (probe.is) {
    case "path": {
      const path = filled(probe.path, machine);
      return path === undefined ? undefined : existsSync(resolve(workspace, path));
    }
    case "files": {
      const path = filled(probe.path, machine);
      return path === undefined ? undefined : countFiles(resolve(workspace, path), probe.pattern);
    }
    case "program":
      return programPath(probe.name, env) !== undefined;
    case "length":
      return (env[probe.variable] ?? "").length;
    case "powershell":
      return powershell(probe.part, env);
  }
}

function filled(text: string, { context }: Machine): string | undefined {
  return filledText(text, context)?.replaceAll("\\", "/");
}

function countFiles(folder: string, pattern: string): number {
  try {
    const matches = matcherOf(pattern);
    return readdirSync(folder).filter((name) => matches(name)).length;
  } catch {
    return 0;
  }
}

function programPath(name: string, env: Machine["env"]): string | undefined {
  const endings = process.platform === "win32" ? ["", ".exe", ".cmd", ".bat"] : [""];
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders
    .flatMap((folder) => endings.map((ending) => join(folder, name + ending)))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** `7.4`; a check of it on a machine without PowerShell cannot be decided. */
function powershell(part: "version" | "major", env: Machine["env"]): number | undefined {
  const path = programPath("pwsh", env);
  if (path === undefined) return undefined;
  try {
    const said = execFileSync(path, ["--version"], { env, timeout: 10_000, encoding: "utf8" });
    const [, major, minor] = /(\d+)\.(\d+)/.exec(said) ?? [];
    if (major === undefined) return undefined;
    return part === "major" ? Number(major) : Number(`${major}.${minor}`);
  } catch {
    return undefined;
  }
}
