import type { Json, Playbook } from "@aither/protocol";
import { finding, type PlanFinding } from "./finding.ts";
import { nearest } from "./graph.ts";
import { textOf, type Variables } from "./scope.ts";

/**
 * Gives the caller's values the types the playbook declares (a command line knows text only), and checks what `inputs`
 * demand. Names ignore case.
 */
export function typedVariables(
  playbook: Playbook,
  declared: Variables,
  caller: Variables,
): { readonly values: Record<string, Json>; readonly findings: readonly PlanFinding[] } {
  const findings: PlanFinding[] = [];
  const values: Record<string, Json> = {};
  const inputs = lowered(playbook.inputs ?? {});
  const defaults = lowered(declared);
  for (const [name, given] of Object.entries(caller)) {
    const input = inputs.get(name.toLowerCase());
    // What only the run knows has no type yet.
    if (typeof given === "string" && /\$\{\{.*\bcaller\./s.test(given)) {
      values[name] = given;
      continue;
    }
    const type = input?.type ?? typeOf(defaults.get(name.toLowerCase()));
    const value = convert(given, type?.toLowerCase());
    if (value === undefined) {
      findings.push(wrongValue(name, `${describe(given)} is no ${type}`));
      continue;
    }
    if (input?.enum && !input.enum.some((allowed) => sameText(allowed, value))) {
      const allowed = input.enum.map(textOf).join(", ");
      findings.push(wrongValue(name, `${describe(value)} is not one of ${allowed}`));
    }
    values[name] = value;
  }
  for (const [name, input] of Object.entries(playbook.inputs ?? {})) {
    const given = lowered(caller).has(name.toLowerCase()) || defaults.has(name.toLowerCase());
    if (input.required !== true || input.secret === true || given) continue;
    const like = nearest(name, Object.keys(caller));
    findings.push(
      finding(
        "missing-input",
        `the input \`${name}\` has no value${input.description ? ` (${input.description})` : ""}`,
        {
          problem: "VARIABLE_MISSING",
          fix: `give it with --var ${name}=VALUE${like ? ` (you gave \`${like}\`)` : ""}`,
          part: input,
          atStart: true,
        },
      ),
    );
  }
  return { values, findings };
}

function wrongValue(name: string, why: string): PlanFinding {
  return finding("wrong-value", `the variable \`${name}\`: ${why}`, {
    problem: "REQUEST_INVALID",
    fix: `give another value with --var ${name}=VALUE`,
  });
}

function convert(given: Json, type: string | undefined): Json | undefined {
  if (typeof given !== "string") return given;
  const text = given.trim();
  switch (type) {
    case "boolean":
    case "bool":
    case "switch":
      return /^(true|\$true|1|yes|on)$/i.test(text)
        ? true
        : /^(false|\$false|0|no|off|)$/i.test(text)
          ? false
          : undefined;
    case "number":
    case "integer":
    case "int":
      return text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "list":
    case "array":
      return text.startsWith("[") ? parsed(text) : text === "" ? [] : text.split(",").map((part) => part.trim());
    case "object":
    case "map":
      return parsed(text);
    default:
      return given;
  }
}

function parsed(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isShallow(value, DEPTH_MAX) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** As deep as a value may be that comes through any other door. */
const DEPTH_MAX = 100;

function isShallow(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && (Object.values(value) as Json[]).every((inner) => isShallow(inner, levels - 1));
}

function typeOf(value: Json | undefined): string | undefined {
  if (typeof value === "boolean" || typeof value === "number") return typeof value;
  if (Array.isArray(value)) return "list";
  return typeof value === "object" && value !== null ? "object" : undefined;
}

function sameText(left: Json, right: Json): boolean {
  return textOf(left).toLowerCase() === textOf(right).toLowerCase();
}

function describe(value: Json): string {
  return typeof value === "string" ? `"${value.slice(0, 60)}"` : JSON.stringify(value).slice(0, 60);
}

function lowered<T>(record: Readonly<Record<string, T>>): Map<string, T> {
  return new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
}
