import { bytesOfSize, type Json, type Playbook } from "@aither/protocol";
import { type Fields, textOf } from "../fields.ts";
import { notEnforced } from "./around.ts";
import { readThings, readTools } from "./required-things.ts";
import { compact, keepRest } from "./common.ts";

type Requirements = NonNullable<Playbook["requirements"]>;

/** What must be there before anything starts. What cannot be looked at is listed, with the reason. */
export function readRequirements(fields: Fields | undefined): Requirements | undefined {
  if (!fields) return undefined;
  const rights = rightsOf(fields);
  const requirements = compact<Requirements>({
    platforms: readThings(fields, "platforms", "platform"),
    requiredTools: readTools(fields, "requiredTools", "tools", "commands"),
    environment: readThings(fields, "environment", "apiKeys", "requiredAPIKeys", "environmentVariables"),
    minimumPowerShellVersion: version(fields),
    elevated: rights,
    diskSpace: size(fields, "diskSpace", "requiredSpace", "minimumDiskSpace"),
    memory: size(fields, "memory", "requiredMemory", "minimumMemory"),
    scripts: readThings(fields, "scripts", "requiredScripts"),
    gitRepository: fields.flag("gitRepository"),
    cleanWorkingTree: fields.flag("cleanWorkingTree"),
  });
  // How long it takes is no demand.
  fields.ignore("estimatedDuration");
  for (const [key, value] of Object.entries(fields.rest())) {
    // Nothing demanded is nothing to enforce.
    if (isNothing(value)) fields.ignore(key);
  }
  for (const key of Object.keys(fields.rest())) {
    notEnforced(
      fields,
      [...fields.path, key],
      reasons[key.toLowerCase()] ?? "this cannot be looked at before the start",
    );
  }
  const kept = fields.rest();
  fields.ignore(...Object.keys(kept));
  return keepRest({ ...requirements, ...kept }, fields);
}

const modules = "modules of PowerShell are looked for by the scripts that import them";
const calls = "nothing is called before the start";
const reasons: Readonly<Record<string, string>> = {
  modules,
  requiredmodules: modules,
  permissions: "scripts have the rights of who starts them, and nobody can tell these beforehand",
  requiredpermissions: "scripts have the rights of who starts them, and nobody can tell these beforehand",
  internetconnection: calls,
  networkrequirements: calls,
  cloudaccounts: calls,
  concurrent: "it demands nothing",
  threadsafe: "it demands nothing",
};

function isNothing(value: Json): boolean {
  return value === false || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** Upstream's many names for the version of PowerShell; a bare `minimumVersion` means the same there. */
function version(fields: Fields): string | undefined {
  for (const name of [
    "minimumPowerShellVersion",
    "minPowerShellVersion",
    "powerShellVersion",
    "powershell",
    "minimumVersion",
  ]) {
    const text = fields.has(name) ? textOf(fields.raw(name)?.value ?? null) : undefined;
    if (text === undefined) continue;
    const number = /^\s*v?(\d+(?:\.\d+)*)\s*\+?\s*$/.exec(text)?.[1];
    if (number !== undefined) return number;
    notEnforced(fields, [...fields.path, name], "it is no version that could be compared");
  }
  return undefined;
}

/** `elevated: true`, or upstream's ways to ask for an administrator. */
function rightsOf(fields: Fields): true | undefined {
  const flags = ["elevated", "requiresAdmin", "adminRequired", "requireAdmin"].map((name) => fields.flag(name));
  if (flags.includes(true)) return true;
  for (const name of ["permissions", "requiredPermissions"]) {
    const words = fields.textsIfAny(name);
    if (!words) continue;
    const others = words.filter((word) => !/^(administrators?|admin|root|elevated)$/i.test(word));
    if (others.length < words.length && others.length === 0) return true;
    if (others.length > 0) notEnforced(fields, [...fields.path, name], reasons["permissions"]!);
    if (others.length < words.length) return true;
  }
  return undefined;
}

function size(fields: Fields, ...names: string[]): string | undefined {
  const found = fields.raw(...names);
  const text = found === undefined ? undefined : textOf(found.value);
  if (found === undefined || text === undefined) return undefined;
  if (bytesOfSize(text) !== null) return text;
  notEnforced(fields, found.path, "it is no size such as 15GB");
  return undefined;
}
