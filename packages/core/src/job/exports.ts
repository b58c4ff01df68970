import type { Exports } from "@aither/protocol";
import { theLeg, theScript, theStage } from "./look.ts";
import type { JobState, LegState, ScriptRecord } from "./state.ts";

/** What the scripts before this one in its leg put into AITHER_ENV and AITHER_PATH; the later ones win. */
export function exportsBefore(state: JobState, { stage, leg, plan }: ScriptRecord): Exports | null {
  return state.exporting ? joined(state, theLeg(theStage(state, stage), leg), plan.key) : null;
}

/** What all scripts of a leg put there. */
export function exportsOf(state: JobState, leg: LegState): Exports | null {
  return state.exporting ? joined(state, leg, null) : null;
}

/** The environment of a script: what it was planned with, under what earlier ones exported; what its step sets wins. */
export function withExported(state: JobState, record: ScriptRecord): Readonly<Record<string, string>> {
  const { env, ownEnv = [] } = record.plan.run;
  const exports = exportsBefore(state, record);
  if (exports === null) return env;
  const own = ownEnv.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return { ...env, ...exports.env, ...Object.fromEntries(own) };
}

function joined(state: JobState, leg: LegState, upTo: string | null): Exports {
  const env: Record<string, string> = {};
  const path: string[] = [];
  for (const key of leg.scripts) {
    if (key === upTo) break;
    const { exports } = theScript(state, key);
    if (exports === undefined) continue;
    Object.assign(env, exports.env);
    path.unshift(...exports.path);
  }
  return { env, path };
}
