import {
  type Context,
  evaluateCondition,
  isLegacyCondition,
  mentionsStatusFunction,
  unknown,
  type Value,
} from "@aither/expression";
import type { StageDecision } from "@aither/protocol";
import type { Scope } from "./scope.ts";

export type Decided = {
  readonly decision: StageDecision;
  readonly reason: string;
  /** What is left to be decided when its turn comes. */
  readonly condition: string | null;
  /** It can never be decided, and nobody said what to assume. */
  readonly hopeless: boolean;
  readonly error: string | null;
};

const runs: Decided = { decision: "run", reason: "", condition: null, hopeless: false, error: null };

/** Decides a condition as far as planning can. `assume` is what one that nobody can decide counts as. */
export function decide(text: string | undefined, scope: Scope, assume: boolean | undefined): Decided {
  const condition = text?.trim() ?? "";
  if (condition === "") return runs;
  const context = withOpenVariables(scope.context());
  const result = evaluateCondition(condition, context);
  switch (result.is) {
    case "true":
      return mentionsStatusFunction(condition)
        ? { ...runs, condition: isLegacyCondition(condition) ? statusOnly(condition, context) : condition }
        : { ...runs, reason: `\`${condition}\` holds` };
    case "false":
      return { ...runs, decision: "skip", reason: `\`${condition}\` does not hold` };
    case "error":
      return { ...runs, decision: "undecided", reason: result.message, error: result.message };
    case "undecidable":
      if (result.late) {
        const plain = isLegacyCondition(condition) ? statusOnly(condition, context) : condition;
        if (plain === "false") {
          return { ...runs, decision: "skip", reason: `\`${condition}\` does not hold` };
        }
        if (holdsSoFar(plain, context)) return { ...runs, condition: plain };
        return { ...runs, decision: "undecided", reason: result.reason, condition: plain };
      }
      if (assume === undefined) {
        return { ...runs, decision: "undecided", reason: result.reason, hopeless: true };
      }
      return {
        ...runs,
        decision: assume ? "run" : "skip",
        reason: `assumed to be ${assume}: ${result.reason}`,
      };
  }
}

/** A variable whose text holds a template that only the run can fill in has no value yet that could be compared. */
function withOpenVariables(context: Context): Context {
  const { variables = {} } = context;
  const open = Object.entries(variables).filter(([, value]) => typeof value === "string" && value.includes("${{"));
  if (open.length === 0) return context;
  const unknowns = open.map(([name]) => [
    name,
    unknown(`\`${name}\` is known when the run has come that far`, { late: true }),
  ]);
  const known: Context["variables"] = { ...variables, ...(Object.fromEntries(unknowns) as Record<string, Value>) };
  return { ...context, variables: known, names: { ...context.names, vars: known, variables: known, inputs: known } };
}

/** True when a condition holds in a run in which nothing went wrong: `always()`, `!cancelled()`, `success() && …`. */
function holdsSoFar(condition: string, context: Context): boolean {
  const functions = {
    always: () => true,
    success: () => true,
    failure: () => false,
    cancelled: () => false,
  };
  return evaluateCondition(condition, { ...context, functions }).is === "true";
}

const states = ["success", "failure", "cancelled"] as const;

/**
 * What is left of one of upstream's conditions when everything but the course of the run is known: `!cancelled() -and
 * ($env:CI -eq 'true')` becomes `!cancelled()`. The run knows nothing of the caller's environment any more.
 */
function statusOnly(condition: string, context: Context): string {
  const holding: string[] = [];
  for (const state of states) {
    let named = false;
    const is = (wanted: string) => (stages: readonly unknown[]) => {
      named ||= stages.length > 0;
      return wanted === state;
    };
    const functions = {
      always: () => true,
      success: is("success"),
      failure: is("failure"),
      cancelled: is("cancelled"),
    };
    const decision = evaluateCondition(condition, { ...context, functions });
    if (named || (decision.is !== "true" && decision.is !== "false")) return condition;
    if (decision.is === "true") holding.push(`${state}()`);
  }
  if (holding.length === states.length) return "always()";
  if (holding.length === 0) return "false";
  return holding.join(" || ") === "success() || failure()" ? "!cancelled()" : holding.join(" || ");
}
