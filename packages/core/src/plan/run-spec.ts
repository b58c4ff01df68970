import type { Json, PlaybookArtifacts, PlaybookCheck, RunSpec, ScriptEntry, ScriptKind } from "@aither/protocol";
import { type Scope, textOf } from "./scope.ts";
import { makeSum } from "./sum.ts";

/** How inline text reaches each shell: it becomes the last argument. */
const shells: Readonly<Record<string, readonly string[]>> = {
  bash: ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
  sh: ["sh", "-e", "-c"],
  pwsh: ["pwsh", "-NoProfile", "-NonInteractive", "-Command"],
  python: ["python3", "-c"],
  node: ["node", "-e"],
};

const shellAliases: Readonly<Record<string, string>> = {
  powershell: "pwsh",
  python3: "python",
  javascript: "node",
  js: "node",
};

export function runOfInline(shell: string, text: string, cwd: string, env: ScriptEnv): RunSpec | null {
  const name = shell.trim().toLowerCase();
  const argv = shells[shellAliases[name] ?? name];
  return argv ? { argv: [...argv], cwd, env: env.values, text, late: isLate([text]) || env.late } : null;
}

/** The program of ours that keeps files; the executor knows where it is. */
export const COLLECTOR = "aither:collect";

/** A script that keeps files: what and where to is in its environment. */
export function runOfCollect(
  { set, folder }: { readonly set: PlaybookArtifacts; readonly folder: string },
  paths: readonly string[],
  cwd: string,
  base: ScriptEnv,
): RunSpec {
  const env = {
    ...base.values,
    AITHER_COLLECT_FOLDER: folder,
    AITHER_COLLECT_PATHS: paths.join("\n"),
    AITHER_COLLECT_REQUIRED: set.required === true ? "1" : "",
  };
  return { argv: [COLLECTOR], cwd, env, text: null, late: isLate(Object.values(env)) };
}

/** The program of ours that looks whether a condition holds. */
export const CHECKER = "aither:check";

/** What it looks at is in its environment: the condition, and what the run has come to. */
export function runOfCheck(
  { condition, message }: PlaybookCheck,
  variables: Readonly<Record<string, Json>>,
  cwd: string,
  base: ScriptEnv,
): RunSpec {
  const env = {
    ...base.values,
    AITHER_CHECK_CONDITION: condition,
    AITHER_CHECK_MESSAGE: message ?? "",
    AITHER_CHECK_VARIABLES: JSON.stringify(variables),
    AITHER_CHECK_JOBS: "${{ toJSON(needs) }}",
    AITHER_CHECK_RESULTS: "${{ toJSON(results) }}",
  };
  // What the playbook wrote is for the checker to fill in, not for us.
  return {
    argv: [CHECKER],
    cwd,
    env,
    text: null,
    late: true,
    literal: ["AITHER_CHECK_CONDITION", "AITHER_CHECK_MESSAGE"],
  };
}

const kinds: ReadonlyMap<string, ScriptKind> = new Map([
  ["ps1", "ps1"],
  ["sh", "sh"],
  ["bash", "sh"],
  ["py", "py"],
  ["js", "js"],
  ["mjs", "js"],
  ["cjs", "js"],
  ["ts", "ts"],
  ["mts", "ts"],
  ["cmd", "cmd"],
  ["bat", "cmd"],
]);

/** The kind of a script file, by its ending; anything else must be a program or start with `#!`. */
export function kindOf(path: string): ScriptKind {
  const dot = path.lastIndexOf(".");
  return (dot < 0 ? undefined : kinds.get(path.slice(dot + 1).toLowerCase())) ?? "exe";
}

/** A value that is none of those a parameter takes (`ValidateSet`). */
type WrongParameter = { readonly name: string; readonly value: string; readonly values: readonly string[] };

type Runnable = Pick<ScriptEntry, "path" | "parameters">;

/**
 * How to run a script file. `argv[0]` is the interpreter's plain name (or the file itself); the host finds it on the
 * job's PATH. A PowerShell script gets the variables it declares as parameters; `missing` are those it demands.
 */
export function runOfScript(
  script: Runnable,
  scope: Pick<Scope, "variables" | "matrix">,
  cwd: string,
  env: ScriptEnv,
): {
  readonly run: RunSpec;
  readonly missing: readonly string[];
  readonly wrong: readonly WrongParameter[];
} {
  const { path } = script;
  const make = (...argv: string[]): RunSpec => ({
    argv,
    cwd,
    env: env.values,
    text: null,
    late: isLate(argv) || env.late,
  });
  switch (kindOf(path)) {
    case "ps1": {
      const { argv, missing, wrong } = parametersOf(script, scope);
      return { run: make("pwsh", "-NoProfile", "-NonInteractive", "-File", path, ...argv), missing, wrong };
    }
    case "sh":
      return { run: make("bash", path), missing: [], wrong: [] };
    case "py":
      return { run: make("python3", path), missing: [], wrong: [] };
    case "js":
      return { run: make("node", path), missing: [], wrong: [] };
    case "ts":
      return { run: make("tsx", path), missing: [], wrong: [] };
    case "cmd":
      return { run: make("cmd", "/d", "/c", path), missing: [], wrong: [] };
    case "exe":
    case "inline":
      return { run: make(path), missing: [], wrong: [] };
  }
}

/** A numbered script without anything around it: what tells which program runs it. */
export function runOfEntry({ path }: Pick<ScriptEntry, "path">): RunSpec {
  return runOfScript({ path, parameters: [] }, { variables: {}, matrix: {} }, "", envOf({})).run;
}

/** `-Name value` for every parameter that a variable gives. Switches are named when true; maps cannot be passed. */
function parametersOf(
  script: Runnable,
  scope: Pick<Scope, "variables" | "matrix">,
): { argv: string[]; missing: string[]; wrong: WrongParameter[] } {
  const argv: string[] = [];
  const missing: string[] = [];
  const wrong: WrongParameter[] = [];
  const values = new Map(
    Object.entries({ ...scope.variables, ...scope.matrix }).map(([name, value]) => [name.toLowerCase(), value]),
  );
  for (const { name, type, mandatory, values: allowed } of script.parameters) {
    const value = values.get(name.toLowerCase());
    if (value === undefined || value === null) {
      if (mandatory) missing.push(name);
    } else {
      const odd = (Array.isArray(value) ? value : [value]).map(textOf).find((one) => !fits(one, allowed));
      if (odd !== undefined) wrong.push({ name, value: odd, values: allowed });
      argv.push(...parameter(name, type.toLowerCase(), value));
    }
  }
  return { argv, missing, wrong };
}

/** PowerShell ignores case here. What only the run knows is judged by the script itself. */
function fits(value: string, allowed: readonly string[]): boolean {
  if (allowed.length === 0 || value.includes("{{")) return true;
  return allowed.some((one) => one.toLowerCase() === value.toLowerCase());
}

function parameter(name: string, type: string, value: Json): string[] {
  if (type === "switch" || type === "bool" || type === "boolean") {
    const on = !/^(|false|\$false|0)$/i.test(textOf(value).trim());
    return type === "switch" ? (on ? [`-${name}`] : []) : [`-${name}:$${on}`];
  }
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap || type === "hashtable" ? [] : [`-${name}`, textOf(value)];
}

/** What a script gets, and whether a template is left in it: thousands share one, so it is looked through once. */
export type ScriptEnv = { readonly values: Record<string, string>; readonly late: boolean };

export function envOf(values: Record<string, string>): ScriptEnv {
  return { values, late: isLate(Object.values(values)) };
}

/** An environment with more in it, which wins. */
export function withMoreEnv(base: ScriptEnv, more: Readonly<Record<string, string>>): ScriptEnv {
  const values = sumOf(base.values, more);
  return { values, late: isLate(Object.values(base.late ? values : more)) };
}

const sumOf = makeSum<string>();

/** True when a `${{ }}` is left, which only the run can fill in. */
function isLate(texts: readonly string[]): boolean {
  return texts.some((text) => text.includes("${{"));
}
