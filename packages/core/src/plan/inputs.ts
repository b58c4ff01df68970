import type { Json, NotEnforced, Playbook } from "@aither/protocol";
import type { MendAt } from "./compiler.ts";
import { finding, type PlanFinding } from "./finding.ts";
import { nearest } from "./graph.ts";
import { textOf, type Variables } from "./scope.ts";

type Given = {
  /** What the playbook declares, with its profile. */
  readonly declared: Variables;
  readonly caller: Variables;
  /** Where the caller's values are written, if that is no command line. */
  readonly mendAt: MendAt | undefined;
};

/**
 * Gives the caller's values the types the playbook declares (a command line knows text only), and checks what `inputs`
 * demand. Names ignore case.
 */
export function typedVariables(
  playbook: Playbook,
  { declared, caller, mendAt = onCommandLine }: Given,
): { readonly values: Record<string, Json>; readonly findings: readonly PlanFinding[] } {
  const findings: PlanFinding[] = [...inputFindings(playbook)];
  const values: Record<string, Json> = {};
  const wrong = (name: string, why: string): void => {
    const how = mendAt(name, "wrong");
    if (how !== null) findings.push(finding("wrong-value", `the variable \`${name}\`: ${why}`, how));
  };
  const inputs = lowered(playbook.inputs ?? {});
  const defaults = lowered(declared);
  for (const [name, given] of Object.entries(caller)) {
    const input = inputs.get(name.toLowerCase());
    // What only the run knows has no type yet.
    if (typeof given === "string" && /\$\{\{.*\bcaller\./s.test(given)) {
      values[name] = given;
      continue;
    }
    const type = input?.type ?? (typeof given === "string" ? typeOf(defaults.get(name.toLowerCase())) : undefined);
    const value = convert(given, types[type?.trim().toLowerCase() ?? ""]);
    if (value === undefined) {
      wrong(name, `${describe(given)} is no ${type}`);
      continue;
    }
    if (input?.enum && !input.enum.some((allowed) => sameText(allowed, value))) {
      const allowed = input.enum.map(textOf).join(", ");
      wrong(name, `${describe(value)} is not one of ${allowed}`);
    }
    values[name] = value;
  }
  for (const [name, input] of Object.entries(playbook.inputs ?? {})) {
    const given = lowered(caller).has(name.toLowerCase()) || defaults.has(name.toLowerCase());
    if (input.required !== true || input.secret === true || given) continue;
    const like = nearest(name, Object.keys(caller));
    const how = mendAt(name, "missing");
    const message = `the input \`${name}\` has no value${input.description ? ` (${input.description})` : ""}`;
    const fix = `${how?.fix ?? "give it"}${like ? ` (you gave \`${like}\`)` : ""}`;
    findings.push(finding("missing-input", message, { part: input, atStart: true, ...how, fix }));
  }
  return { values, findings };
}

const onCommandLine: MendAt = (name, what) =>
  what === "missing"
    ? { problem: "VARIABLE_MISSING", fix: `give it with --var ${name}=VALUE` }
    : { problem: "REQUEST_INVALID", fix: `give another value with --var ${name}=VALUE` };

/** What types are called, here and elsewhere. */
const types: Readonly<Record<string, InputType>> = {
  string: "string",
  text: "string",
  number: "number",
  float: "number",
  double: "number",
  integer: "integer",
  int: "integer",
  boolean: "boolean",
  bool: "boolean",
  switch: "boolean",
  list: "list",
  array: "list",
  object: "object",
  map: "object",
  hashtable: "object",
  choice: "string",
  enum: "string",
  select: "string",
};
type InputType = "string" | "number" | "integer" | "boolean" | "list" | "object";

/** A value of that type; undefined when it is none. A command line knows texts, numbers and truth values by their looks. */
function convert(given: Json, type: InputType | undefined): Json | undefined {
  if (type === undefined || given === null) return given;
  const isPlain = typeof given === "string" || typeof given === "number" || typeof given === "boolean";
  const text = isPlain ? String(given).trim() : "";
  switch (type) {
    case "string":
      return isPlain ? (typeof given === "string" ? given : text) : undefined;
    case "boolean":
      if (/^(true|\$true|1|yes|on)$/i.test(text)) return true;
      return isPlain && /^(false|\$false|0|no|off|)$/i.test(text) ? false : undefined;
    case "number":
    case "integer": {
      const number = text === "" || typeof given === "boolean" ? Number.NaN : Number(text);
      return Number.isFinite(number) && (type === "number" || Number.isInteger(number)) ? number : undefined;
    }
    case "list":
      if (Array.isArray(given)) return given;
      if (!isPlain) return undefined;
      return text.startsWith("[") ? parsed(text) : text === "" ? [] : text.split(",").map((part) => part.trim());
    case "object": {
      const made = typeof given === "string" ? parsed(text) : given;
      return typeof made === "object" && made !== null && !Array.isArray(made) ? made : undefined;
    }
  }
}

/** What is wrong with the inputs themselves: types nobody knows, defaults that are none of what is allowed. */
function inputFindings(playbook: Playbook): readonly PlanFinding[] {
  return Object.entries(playbook.inputs ?? {}).flatMap(([name, input]): PlanFinding[] => {
    const { type, enum: allowed, default: preset } = input;
    const known = type === undefined ? undefined : types[type.trim().toLowerCase()];
    if (type !== undefined && known === undefined) {
      const like = nearest(type, Object.keys(types));
      const fix = like ? `did you mean ${like}?` : "write string, number, integer, boolean, choice, list or object";
      return [finding("unknown-type", `\`${type}\` is no type of an input`, { fix, part: input, keys: ["type"] })];
    }
    if (/^(choice|enum|select)$/i.test(type ?? "") && (allowed === undefined || allowed.length === 0)) {
      const fix = "list the allowed values in `enum`";
      return [finding("no-choices", `the input \`${name}\` offers nothing to choose from`, { fix, part: input })];
    }
    if (preset === undefined || preset === null || isTemplate(preset)) return [];
    const value = convert(preset, known);
    const where = { part: input, keys: ["default"], fix: "write another default" };
    if (value === undefined) return [finding("wrong-default", `${describe(preset)} is no ${type}`, where)];
    if (allowed === undefined || allowed.some((one) => sameText(one, value))) return [];
    const list = allowed.map(textOf).join(", ");
    return [finding("wrong-default", `${describe(preset)} is not one of ${list}`, where)];
  });
}

function isTemplate(value: Json): boolean {
  return typeof value === "string" && (value.includes("{{") || value.startsWith("$"));
}

/** Names the caller gave that nothing declares, and that are nearly one that something does: most likely slips. */
export function slipsOf(playbook: Playbook, declared: Variables, caller: Variables): readonly NotEnforced[] {
  const known = [...new Set([...Object.keys(playbook.inputs ?? {}), ...Object.keys(declared)])];
  const given = lowered(caller);
  return Object.keys(caller).flatMap((name) => {
    if (known.some((other) => other.toLowerCase() === name.toLowerCase())) return [];
    const like = nearest(
      name,
      known.filter((other) => !given.has(other.toLowerCase())),
    );
    if (like === null) return [];
    const reason = `the playbook declares no such variable; did you mean ${like}? Scripts get it as it is`;
    return [{ what: name, where: `--var ${name}`, reason }];
  });
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
