import { textOf, type Variables } from "./scope.ts";

/** `AITHER_VAR_TEST_PATH`: every variable, by upper-cased name with safe characters. */
export function addVariables(env: Record<string, string>, variables: Variables): Record<string, string> {
  for (const name in variables) env[envNameOf(name)] = textOf(variables[name]!);
  return env;
}

/** Names of variables as those of environment variables; the same few, thousands of times. */
const envNames = new Map<string, string>();
const ENV_NAMES_MAX = 5_000;

function envNameOf(name: string): string {
  const known = envNames.get(name);
  if (known !== undefined) return known;
  const made = `AITHER_VAR_${name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, "_")}`;
  if (envNames.size >= ENV_NAMES_MAX) envNames.clear();
  envNames.set(name, made);
  return made;
}
