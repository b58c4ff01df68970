import type { Playbook } from "@aither/protocol";
import { finding, type PlanFinding } from "./finding.ts";
import type { Variables } from "./scope.ts";

type Question = {
  readonly playbook: Playbook;
  /** What the playbook and its profile declare. */
  readonly declared: Variables;
  readonly caller: Variables;
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Names of the environment variables that a playbook calls secret: those of `secrets`, and inputs with `secret: true`.
 * A secret is no variable: variables are written into the plan, and a secret's value is kept beside it.
 */
export function secretNames(question: Question): {
  readonly names: readonly string[];
  readonly findings: readonly PlanFinding[];
} {
  const { playbook, declared, caller, env } = question;
  const findings: PlanFinding[] = [];
  const names = new Map<string, { part: object; keys: readonly (string | number)[] }>();
  for (const [index, name] of (playbook.secrets ?? []).entries()) {
    names.set(name, { part: playbook, keys: ["secrets", index] });
  }
  for (const [name, input] of Object.entries(playbook.inputs ?? {})) {
    if (input.secret !== true) continue;
    names.set(name, { part: input, keys: [] });
    if (input.default !== undefined) findings.push(inTheFile(name, input));
    if (input.required === true && env[name] === undefined) findings.push(missing(name, input));
  }
  for (const [name, where] of names) {
    const isOf = (variables: Variables): boolean =>
      Object.keys(variables).some((other) => other.toLowerCase() === name.toLowerCase());
    const fix = `give it with --secret ${name}; scripts get the environment variable ${name}`;
    const reason = "variables are kept in the plan, where everybody can read them";
    if (isOf(caller)) {
      findings.push(
        finding("secret-variable", `\`${name}\` is a secret, and was given as a variable: ${reason}`, {
          problem: "REQUEST_INVALID",
          fix,
        }),
      );
    } else if (isOf(declared)) {
      findings.push(finding("secret-variable", `\`${name}\` is a secret and a variable: ${reason}`, { ...where, fix }));
    }
  }
  return { names: [...names.keys()], findings };
}

function inTheFile(name: string, part: object): PlanFinding {
  return finding("secret-default", `the secret \`${name}\` has its value in the playbook`, {
    fix: `remove \`default\`; give it with --secret ${name}`,
    part,
    keys: ["default"],
  });
}

function missing(name: string, input: { readonly description?: string | undefined }): PlanFinding {
  const what = input.description ? ` (${input.description})` : "";
  return finding("missing-input", `the secret \`${name}\` has no value${what}`, {
    problem: "VARIABLE_MISSING",
    fix: `give it with --secret ${name}, or in a --secret-file`,
    part: input,
    atStart: true,
  });
}
