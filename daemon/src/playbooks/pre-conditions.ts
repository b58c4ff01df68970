/** What a playbook says must hold before anything starts. */
import { decideCheck, foreignResult, nameOfCheck, type CheckContext, type CheckValue } from "@aither/core";
import type { Plan, Playbook } from "@aither/protocol";
import { lookerAt } from "../exec/probe.ts";

type Given = {
  readonly plan: Plan;
  readonly env: Readonly<Record<string, string>>;
  /** What one counts as that nobody can decide. */
  readonly assume: boolean | undefined;
};

/** Those that do not hold, and those that nobody can decide here and that nobody said to assume, in sentences. */
export function unmetPreConditions({ orchestration }: Playbook, { plan, env, assume }: Given): readonly string[] {
  if (orchestration.preConditions === undefined) return [];
  const variables = plan.variables as Record<string, CheckValue>;
  const context: CheckContext = {
    names: { env, inputs: variables, variables, vars: variables },
    variables,
    environment: env,
    platform: process.platform,
  };
  const look = lookerAt({ workspace: plan.workspace, env, context });
  return orchestration.preConditions.flatMap((check) => {
    const name = nameOfCheck(check);
    const said = check.message === undefined ? "" : `: ${check.message}`;
    const decision = decideCheck(check, context, look);
    switch (decision.is) {
      case "true":
        return [];
      case "false":
        return [`\`${name}\` does not hold${said}`];
      case "error":
        return [`\`${name}\` cannot be read: ${decision.message}`];
      case "undecidable":
        if (assume === true || (assume === undefined && foreignResult(check) !== null)) return [];
        if (assume === false) return [`\`${name}\` is taken not to hold (--assume false)${said}`];
        return [`\`${name}\` cannot be decided (${decision.reason}); --assume true takes it to hold${said}`];
    }
  });
}
