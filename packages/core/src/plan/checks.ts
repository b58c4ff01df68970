import type { PlaybookCheck, PlaybookStage } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { finding } from "./finding.ts";
import type { InnerStep } from "./inner-step.ts";
import { madeOf } from "./inner-step.ts";
import { decideCheckEarly, foreignResult } from "./probes.ts";
import type { Scope } from "./scope.ts";

/** What must hold when all has succeeded, as a stage of its own; null when there is nothing that could be looked at. */
export function postConditions(compiler: Compiler, scope: Scope): PlaybookStage | null {
  const { assume } = compiler.request;
  const checks = compiler.playbook.orchestration.postConditions ?? [];
  const steps = checks.flatMap((check, index): InnerStep[] => {
    const early = lookAt(compiler, scope, { check, where: `orchestration.postConditions[${index}]` });
    if (early === "wrong" || (early === "hopeless" && assume !== false)) return [];
    // One that does not hold keeps no other from being looked at.
    return [madeOf<InnerStep>({ name: nameOfCheck(check), if: "!cancelled()", idempotent: true, check }, check)];
  });
  return steps.length === 0 ? null : { name: "Postconditions", if: "success()", steps };
}

/** What is wrong with those that must hold before anything starts, as far as that is known without the machine. */
export function reportPreConditions(compiler: Compiler, scope: Scope): void {
  for (const [index, check] of (compiler.playbook.orchestration.preConditions ?? []).entries()) {
    lookAt(compiler, scope, { check, where: `orchestration.preConditions[${index}]` });
  }
}

type Written = { readonly check: PlaybookCheck; readonly where: string };

/**
 * One that nobody can ever decide forbids the start, as any other condition does: whoever wrote it wanted to be sure of
 * something, and nobody is. `--assume` says what it counts as, and then it is listed. Numbers that only a script knows
 * (`$results.Coverage`) are listed, here as everywhere: the script's exit code tells whether it is content.
 */
function lookAt(compiler: Compiler, scope: Scope, { check, where }: Written): "wrong" | "hopeless" | "fine" {
  const { assume } = compiler.request;
  const decision = decideCheckEarly(check, scope.context());
  const place = { part: check, keys: ["condition"] };
  if (decision.is === "error") {
    compiler.report(finding("bad-expression", decision.message, place));
    return "wrong";
  }
  if (decision.is !== "undecidable" || decision.late) return "fine";
  const isForeign = foreignResult(check) !== null;
  const unsaid = isForeign ? "it is not checked" : "nothing starts until --assume says what it counts as";
  const taken = assume === undefined ? unsaid : `it counts as ${assume}`;
  compiler.notEnforced.push({ what: nameOfCheck(check), where, reason: `${decision.reason}, so ${taken}` });
  if (isForeign) return "hopeless";
  const decided = { ...undecided, reason: decision.reason, hopeless: assume === undefined };
  compiler.reportCondition(decided, place);
  return "hopeless";
}

const undecided = { decision: "undecided", condition: null, error: null } as const;

export function nameOfCheck({ name, condition }: PlaybookCheck): string {
  return name ?? (condition.length > 60 ? `${condition.slice(0, 57)}...` : condition);
}
