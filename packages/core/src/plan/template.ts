import { hasTemplate, interpolate, legacyText } from "@aither/expression";
import type { RunSpec, ScriptKey } from "@aither/protocol";
import { scriptContext } from "../job/context.ts";
import { exportsBefore } from "../job/exports.ts";
import { theScript } from "../job/look.ts";
import type { JobState, ScriptRecord } from "../job/state.ts";

export type ResolvedRun =
  | { readonly ok: true; readonly run: RunSpec }
  | { readonly ok: false; readonly message: string };

/** Fills in what planning left open in a script's arguments, environment and text, just before it starts. */
export function resolveRun(state: JobState, script: ScriptKey): ResolvedRun {
  return resolveSpec(state, script, theScript(state, script).plan.run);
}

/** The same for another run that sees what that script saw, and what it told. */
export function resolveSpec(state: JobState, script: ScriptKey, run: RunSpec): ResolvedRun {
  const record = theScript(state, script);
  if (!run.late) return { ok: true, run: withExports(state, record, run) };
  const context = scriptContext(state, record);
  const problems: string[] = [];
  const literal = new Set(run.literal);
  const fill = (text: string, what: string): string => {
    if (!text.includes("${{") || !hasTemplate(text)) return text;
    const made = interpolate(text, context);
    if (made.is === "value") return legacyText(made.value);
    problems.push(`${what}: ${made.is === "error" ? made.message : made.reason}`);
    return text;
  };
  const filled: RunSpec = {
    argv: run.argv.map((item) => fill(item, "an argument")),
    cwd: fill(run.cwd, "the working directory"),
    env: Object.fromEntries(
      Object.entries(run.env).map(([name, value]) => [name, literal.has(name) ? value : fill(value, name)]),
    ),
    text: run.text === null ? null : fill(run.text, "its text"),
    late: false,
    ...(run.ownEnv !== undefined && { ownEnv: run.ownEnv }),
  };
  return problems.length > 0
    ? { ok: false, message: problems.join("; ") }
    : { ok: true, run: withExports(state, record, filled) };
}

/** With what earlier scripts of its leg put into AITHER_ENV and AITHER_PATH: the later ones win, the step itself most. */
function withExports(state: JobState, record: ScriptRecord, run: RunSpec): RunSpec {
  const exports = exportsBefore(state, record);
  if (exports === null) return run;
  const own = new Set(run.ownEnv);
  const env = { ...run.env };
  for (const [name, value] of Object.entries(exports.env)) if (!own.has(name)) env[name] = value;
  return { ...run, env, ...(exports.path.length > 0 && { path: exports.path }) };
}
