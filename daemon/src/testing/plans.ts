import type { ScriptGiven } from "@aither/core/testing";
import type { ScriptPlan } from "@aither/protocol";

/** Scripts of one stage that real processes run: quick to be tried again, quick to be stopped. The first has the number `from`. */
export function realScripts(stage: string, scripts: readonly Partial<ScriptPlan>[], from: number): ScriptGiven[] {
  return scripts.map((fields, at) => ({ ...real, ...named(`${stage}/${from + at}`), ...fields }));
}

function named(key: string): Pick<ScriptPlan, "key" | "id" | "name"> {
  return { key, id: null, name: key };
}

/** The fields of an inline script of `sh`. */
export function inline(text: string, more: Partial<ScriptPlan> = {}): Partial<ScriptPlan> {
  return { run: { argv: ["/bin/sh", "-c"], cwd: "/", env: {}, text, late: false }, ...more };
}

const real: Partial<ScriptPlan> = {
  ...inline("true"),
  backoff: { initialMs: 1, factor: 1, maxMs: 1 },
  successExitCodes: [0],
  stopLadder: [
    { signal: "TERM", afterMs: 300 },
    { signal: "KILL", afterMs: 1_000 },
  ],
};
