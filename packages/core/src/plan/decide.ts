import { evaluateCondition, mentionsStatusFunction } from "@aither/expression";
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
  const result = evaluateCondition(condition, scope.context);
  switch (result.is) {
    case "true":
      return mentionsStatusFunction(condition) ? { ...runs, condition } : { ...runs, reason: `\`${condition}\` holds` };
    case "false":
      return { ...runs, decision: "skip", reason: `\`${condition}\` does not hold` };
    case "error":
      return { ...runs, decision: "undecided", reason: result.message, error: result.message };
    case "undecidable":
      if (result.late) {
        if (holdsSoFar(condition, scope)) return { ...runs, condition };
        return { ...runs, decision: "undecided", reason: result.reason, condition };
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

/** True when a condition holds in a run in which nothing went wrong: `always()`, `!cancelled()`, `success() && …`. */
function holdsSoFar(condition: string, scope: Scope): boolean {
  const functions = {
    always: () => true,
    success: () => true,
    failure: () => false,
    cancelled: () => false,
  };
  return evaluateCondition(condition, { ...scope.context, functions }).is === "true";
}
