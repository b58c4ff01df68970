import { hasTemplate, interpolate, legacyText } from "@aither/expression";
import type { RunSpec, ScriptKey } from "@aither/protocol";
import { scriptContext } from "../job/context.ts";
import { theScript } from "../job/look.ts";
import type { JobState } from "../job/state.ts";

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
  if (!run.late) return { ok: true, run };
  const context = scriptContext(state, record);
  const problems: string[] = [];
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
    env: Object.fromEntries(Object.entries(run.env).map(([name, value]) => [name, fill(value, name)])),
    text: run.text === null ? null : fill(run.text, "its text"),
    late: false,
  };
  return problems.length > 0 ? { ok: false, message: problems.join("; ") } : { ok: true, run: filled };
}
