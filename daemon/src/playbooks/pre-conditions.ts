/** What a playbook says must hold before anything starts. */
import { decideCheck, nameOfCheck, type CheckContext, type CheckValue } from "@aither/core";
import type { NotEnforced, Plan, Playbook } from "@aither/protocol";
import { lookerAt } from "../exec/probe.ts";

export type PreConditions = { readonly unmet: readonly string[]; readonly undecided: readonly NotEnforced[] };

type Given = {
  readonly plan: Plan;
  readonly env: Readonly<Record<string, string>>;
  /** What one counts as that nobody can decide. */
  readonly assume: boolean | undefined;
};

/** Those that do not hold, in sentences, and those that nobody can decide. */
export function checkPreConditions({ orchestration }: Playbook, given: Given): PreConditions {
  const { plan, env, assume } = given;
  const variables = plan.variables as Record<string, CheckValue>;
  const context: CheckContext = {
    names: { env, inputs: variables, variables, vars: variables },
    variables,
    environment: env,
    platform: process.platform,
  };
  const look = lookerAt({ workspace: plan.workspace, env, context });
  const unmet: string[] = [];
  const undecided: NotEnforced[] = [];
  for (const [index, check] of (orchestration.preConditions ?? []).entries()) {
    const name = nameOfCheck(check);
    const said = check.message === undefined ? "" : `: ${check.message}`;
    const decision = decideCheck(check, context, look);
    if (decision.is === "false") unmet.push(`\`${name}\` does not hold${said}`);
    else if (decision.is === "error") unmet.push(`\`${name}\` cannot be read: ${decision.message}`);
    else if (decision.is === "undecidable") {
      if (assume === false) unmet.push(`\`${name}\` is taken not to hold (--assume false)${said}`);
      const reason = `${decision.reason}, so it is ${assume === undefined ? "not checked" : `taken to be ${assume}`}`;
      undecided.push({ what: name, where: `orchestration.preConditions[${index}]`, reason });
    }
  }
  return { unmet, undecided };
}
