import type { PlaybookCheck, PlaybookStage } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { finding } from "./finding.ts";
import type { InnerStep } from "./inner-step.ts";
import { madeOf } from "./inner-step.ts";
import { decideCheckEarly } from "./probes.ts";
import type { Scope } from "./scope.ts";

/** What must hold when all has succeeded, as a stage of its own; null when there is nothing that could be looked at. */
export function postConditions(compiler: Compiler, scope: Scope): PlaybookStage | null {
  const checks = compiler.playbook.orchestration.postConditions ?? [];
  const steps = checks.flatMap((check, index): InnerStep[] => {
    const decision = decideCheckEarly(check, scope.context());
    const name = nameOfCheck(check);
    if (decision.is === "error") {
      compiler.report(finding("bad-expression", decision.message, { part: check, keys: ["condition"] }));
      return [];
    }
    if (decision.is === "undecidable" && !decision.late) {
      const assumed = compiler.request.assume;
      const what = assumed === undefined ? "it is not checked" : `it is taken to be ${assumed}`;
      const reason = `${decision.reason}, so ${what}`;
      compiler.notEnforced.push({ what: name, where: `orchestration.postConditions[${index}]`, reason });
      if (assumed !== false) return [];
    }
    // One that does not hold keeps no other from being looked at.
    return [madeOf<InnerStep>({ name, if: "!cancelled()", idempotent: true, check }, check)];
  });
  return steps.length === 0 ? null : { name: "Postconditions", if: "success()", steps };
}

export function nameOfCheck({ name, condition }: PlaybookCheck): string {
  return name ?? (condition.length > 60 ? `${condition.slice(0, 57)}...` : condition);
}
