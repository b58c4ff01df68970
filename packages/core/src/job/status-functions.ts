import type { ScriptPlan, StagePlan } from "@aither/protocol";

export type StatusFunction = "success" | "failure" | "always" | "cancelled";

const known = new WeakMap<StagePlan | ScriptPlan, ReadonlySet<StatusFunction>>();

/**
 * Which status functions a condition calls. A condition that calls none is meant as `success() && (…)`, and one that
 * calls `always()` or `cancelled()` asks to run after a cancel. Text in quotes does not count. Remembered per plan,
 * since a plan is frozen and is asked many times.
 */
export function statusFunctionsOf(plan: StagePlan | ScriptPlan): ReadonlySet<StatusFunction> {
  const before = known.get(plan);
  if (before !== undefined) return before;
  const found = new Set<StatusFunction>();
  const bare = (plan.condition ?? "").replace(/'[^']*'|"[^"]*"/g, "''");
  for (const [, name] of bare.matchAll(/\b(success|failure|always|cancelled)\s*\(/gi)) {
    found.add((name ?? "").toLowerCase() as StatusFunction);
  }
  known.set(plan, found);
  return found;
}

/** True when the condition speaks of success or failure itself, so that nothing is implied. */
export function decidesItself(plan: StagePlan | ScriptPlan): boolean {
  return statusFunctionsOf(plan).size > 0;
}
