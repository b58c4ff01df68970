import { type Context, hasTemplate, interpolate, legacyText, toPlain, unknown, type Value } from "@aither/expression";
import type { Json, Playbook, PlaybookProfile, PlaybookStep } from "@aither/protocol";
import { finding, type PlanFinding } from "./finding.ts";
import { makeSum } from "./sum.ts";

export type Variables = Readonly<Record<string, Json>>;

/** What templates and conditions can see while planning. */
export type Scope = {
  readonly variables: Variables;
  /** What the playbook declares, resolved. */
  readonly env: Readonly<Record<string, string>>;
  readonly matrix: Variables;
  /** What the matrix will bring that only the run knows. */
  readonly late?: LateMatrix;
  readonly context: () => Context;
};

/** Names that a matrix will have, in lower case; null when any name may be among them. */
export type LateMatrix = ReadonlySet<string> | null;

/** What only the host knows. */
export type Surroundings = {
  readonly env: Readonly<Record<string, string>>;
  /** Node's name of the platform. */
  readonly platform: string;
};

const later = (what: string): Value => unknown(`\`${what}\` is known when the run has come that far`, { late: true });

/** All names there are. A copy whose values are replaced is many times faster than one that gets more of them. */
const contextNames = {
  caller: later("caller"),
  jobs: later("jobs"),
  steps: later("steps"),
  needs: later("needs"),
  job: later("job"),
  strategy: later("strategy"),
  secrets: later("secrets"),
  github: unknown("`github` exists in workflow runs only", { late: false }),
  env: null,
  matrix: null,
  runner: null,
  vars: null,
  variables: null,
  inputs: null,
} satisfies Readonly<Record<string, Value>>;

/** A scope of other values. What templates and conditions see is made when one is there: most stages have none. */
export function makeScope(
  variables: Variables,
  env: Readonly<Record<string, string>>,
  matrix: Variables,
  around: Surroundings,
): Scope {
  const context = (): Context => {
    const visible = visibleOf(variables, matrix);
    return {
      names: {
        ...contextNames,
        env: values(env),
        matrix: values(matrix),
        runner: { os: osName(around.platform) },
        vars: visible,
        variables: visible,
        inputs: visible,
      },
      variables: visible,
      environment: environmentOf(around.env, env),
      platform: around.platform,
    };
  };
  return { variables, env, matrix, context: once(context) };
}

function visibleOf(variables: Variables, matrix: Variables): Record<string, Value> {
  return values(Object.keys(matrix).length === 0 ? variables : overlay(variables, matrix));
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

type Environment = Readonly<Record<string, string>>;

const environments = new WeakMap<Environment, WeakMap<Environment, Environment>>();

/** The caller's environment under the declared one. Thousands of scopes see the same two, so the sum is made once. */
function environmentOf(around: Environment, declared: Environment): Environment {
  const known = environments.get(around) ?? new WeakMap<Environment, Environment>();
  environments.set(around, known);
  const sum = known.get(declared) ?? { ...around, ...declared };
  known.set(declared, sum);
  return sum;
}

/** The same scope with other variables; everything else is shared, for there may be thousands. */
export function withVariables(scope: Scope, variables: Variables): Scope {
  const { env, matrix, late } = scope;
  if (late !== undefined) return withLateMatrix(scope, { late, variables });
  const context = (): Context => {
    const outer = scope.context();
    const visible = visibleOf(variables, matrix);
    const names = { ...outer.names, vars: visible, variables: visible, inputs: visible };
    return { ...outer, names, variables: visible };
  };
  return { variables, env, matrix, context: once(context) };
}

/**
 * The same scope for a step that has others before it: what they put into AITHER_ENV is in `env`, also over what the
 * playbook declares, so all of that is left to the run.
 */
export function withOpenEnv(scope: Scope): Scope {
  const context = (): Context => {
    const outer = scope.context();
    return { ...outer, names: { ...outer.names, env: later("env") } };
  };
  return { ...scope, context: once(context) };
}

/** Whether what the run fills in of a step may speak of `env`. */
export function speaksOfEnv({ if: condition, script, with: own, env }: PlaybookStep): boolean {
  const speaks = (value: Json | undefined): boolean =>
    typeof value === "string"
      ? /\benv\b/i.test(value)
      : typeof value === "object" && value !== null && Object.values(value).some((item: Json) => speaks(item));
  return speaks(condition) || speaks(script) || speaks(own) || speaks(env);
}

/** The same scope in a leg whose matrix is not known yet: what may come from there stays a template. */
export function withLateMatrix(
  scope: Scope,
  { late, variables }: { readonly late: LateMatrix; readonly variables: Variables },
): Scope {
  const cell = later("matrix");
  const known = Object.entries(variables).filter(([name]) => late !== null && !late.has(name.toLowerCase()));
  const cells = Object.fromEntries([...(late ?? [])].map((name) => [name, cell] as const));
  const visible: Record<string, Value> = { ...values(Object.fromEntries(known)), ...cells };
  const all = late === null ? cell : visible;
  const outer = scope.context();
  const names = { ...outer.names, matrix: cell, vars: all, variables: all, inputs: all };
  const context = { ...outer, names, variables: visible, ...(late === null && { otherVariables: cell }) };
  return { ...scope, late, variables, context: () => context };
}

/** Later values win; names ignore case and keep their first spelling. No layer may be changed afterwards. */
export function overlay(...layers: readonly (Variables | undefined)[]): Record<string, Json> {
  const [base = {}, ...others] = layers;
  const { names: known, isTwice } = spellingOf(base);
  if (isTwice) return overlay({}, ...layers);
  let added: Map<string, string> | undefined;
  const more: Record<string, Json> = {};
  for (const layer of others) {
    for (const name in layer) {
      const lower = name.toLowerCase();
      const first = known.get(lower) ?? added?.get(lower);
      if (first === undefined) (added ??= new Map<string, string>()).set(lower, name);
      more[first ?? name] = layer[name]!;
    }
  }
  return sumOf(base, more);
}

const sumOf = makeSum<Json>();

type Spelling = {
  readonly of: Variables;
  readonly names: ReadonlyMap<string, string>;
  /** Two of them differ in case only. */
  readonly isTwice: boolean;
};

/** The last two: the variables of a playbook lie under those of each stage, and these under those of each step. */
let spellings: readonly [Spelling | null, Spelling | null] = [null, null];

/** Names as they are written, by lower case. */
function spellingOf(variables: Variables): Spelling {
  for (const known of spellings) if (known?.of === variables) return known;
  const names = new Map<string, string>();
  let isTwice = false;
  for (const name in variables) {
    const lower = name.toLowerCase();
    if (names.has(lower)) isTwice = true;
    else names.set(lower, name);
  }
  const spelling = { of: variables, names, isTwice };
  spellings = [spellings[1], spelling];
  return spelling;
}

export type Resolved<T> = { readonly value: T; readonly findings: readonly PlanFinding[] };

/** Fills templates in, at any depth. What is known only later stays a template. */
export function resolveValue(value: Json, scope: Scope, at: At): Resolved<Json> {
  if (!holdsTemplate(value)) return { value, findings: nothing };
  if (typeof value === "string") return resolveText(value, scope, at);
  const findings: PlanFinding[] = [];
  return { value: resolveParts(value, { scope, at, keys: [...at.keys], findings }), findings };
}

/** A value on its way: `keys` lead to the part that is being resolved. */
type Resolving = {
  readonly scope: Scope;
  readonly at: At;
  readonly keys: (string | number)[];
  readonly findings: PlanFinding[];
};

function resolveParts(value: Json, resolving: Resolving): Json {
  if (typeof value === "string") {
    const { scope, at, keys, findings } = resolving;
    const resolved = resolveText(value, scope, at, keys);
    for (const one of resolved.findings) findings.push(one);
    return resolved.value;
  }
  if (typeof value !== "object" || value === null) return value;
  const inner = (item: Json, key: string | number): Json => {
    if (typeof item === "string" && !hasTemplate(item)) return item;
    resolving.keys.push(key);
    const resolved = resolveParts(item, resolving);
    resolving.keys.pop();
    return resolved;
  };
  if (Array.isArray(value)) return (value as readonly Json[]).map(inner);
  // A copy whose values are replaced keeps the order and the looks of the names.
  const map: Record<string, Json> = { ...(value as Variables) };
  for (const key of Object.keys(map)) map[key] = inner(map[key]!, key);
  return map;
}

const nothing: readonly PlanFinding[] = [];

/** Where a template stands, and what an undefined variable in it means. */
export type At = {
  readonly part: object | null;
  readonly keys: readonly (string | number)[];
  /** Old formats read a variable that nobody defined as empty text; v3 refuses it. */
  readonly undefinedIs: "empty" | "error";
};

function resolveText(text: string, scope: Scope, at: At, below?: readonly (string | number)[]): Resolved<Json> {
  const made = interpolate(text, scope.context());
  if (made.is === "value" && made.missing.length === 0) return { value: toPlain(made.value), findings: nothing };
  const where = { part: at.part, keys: below === undefined ? at.keys : [...below] };
  if (made.is === "error") {
    return { value: text, findings: [finding("bad-expression", made.message, where)] };
  }
  const findings = made.missing.map((name) => missingVariable(name, { ...at, ...where }));
  if (made.is === "value") return { value: toPlain(made.value), findings };
  if (!made.late) {
    const message = `${made.reason}, so \`${text}\` has no value`;
    findings.push(finding("unknown-value", message, { ...where, atStart: true }));
  }
  return { value: made.text, findings };
}

function missingVariable(name: string, at: At): PlanFinding {
  const error = at.undefinedIs === "error";
  return finding("undefined-variable", `the variable \`${name}\` has no value`, {
    severity: error ? "error" : "warning",
    problem: "VARIABLE_MISSING",
    fix: contextFix(name) ?? `give it with --var ${name}=VALUE, or write {{${name}:=DEFAULT}}`,
    part: at.part,
    keys: at.keys,
    atStart: true,
  });
}

/** `{{steps.x.y}}` is a variable of that name; what is meant is most likely what GitHub's language has. */
function contextFix(name: string): string | null {
  const [, context = "", of = "", rest = ""] =
    /^(steps|needs|matrix|env|jobs)\.([\w-]+)(?:\.([\w.-]+))?$/i.exec(name) ?? [];
  if (context === "") return null;
  const isOutput = rest !== "" && !/^(outputs\.|result$|outcome$|conclusion$)/i.test(rest);
  const path = [context, of, ...(isOutput ? ["outputs"] : []), ...(rest === "" ? [] : [rest])].join(".");
  return `write \${{ ${path} }}, or {{${name}:=DEFAULT}}`;
}

/** Resolves variables that may speak of each other and of those of `outer`; one that speaks of itself means the outer one. */
export function resolveVariables(
  own: Variables,
  outer: (visible: Variables) => Scope,
  visible: Variables,
  at: At,
): Resolved<Record<string, Json>> {
  const value: Record<string, Json> = { ...own };
  const done: Record<string, Json> = {};
  const templates: string[] = [];
  for (const name in own) {
    if (holdsTemplate(own[name]!)) templates.push(name);
    else done[name] = own[name]!;
  }
  if (templates.length === 0) return { value, findings: nothing };
  const findings: PlanFinding[] = [];
  const resolve = (name: string): void => {
    const scope = outer(overlay(visible, done));
    const resolved = resolveValue(own[name]!, scope, { ...at, keys: [...at.keys, name] });
    findings.push(...resolved.findings);
    done[name] = value[name] = resolved.value;
  };
  if (templates.length === 1) resolve(templates[0]!);
  else inTheirOrder(own, templates, resolve);
  return { value, findings };
}

/** Each behind those that it speaks of. */
function inTheirOrder(own: Variables, templates: readonly string[], resolve: (name: string) => void): void {
  const names = new Map(Object.keys(own).map((name) => [name.toLowerCase(), name] as const));
  const left = new Set(templates);
  const go = (name: string): void => {
    if (!left.delete(name)) return;
    for (const other of mentioned(own[name]!, names)) go(other);
    resolve(name);
  };
  for (const name of templates) go(name);
}

function holdsTemplate(value: Json): boolean {
  if (typeof value === "string") return hasTemplate(value);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return (value as readonly Json[]).some(holdsTemplate);
  const map = value as Variables;
  for (const key in map) if (holdsTemplate(map[key]!)) return true;
  return false;
}

function mentioned(value: Json, names: ReadonlyMap<string, string>): string[] {
  if (typeof value === "object" && value !== null) {
    return Object.values(value).flatMap((item: Json) => mentioned(item, names));
  }
  if (typeof value !== "string" || !hasTemplate(value)) return [];
  const words = value.match(/[A-Za-z_][\w-]*/g) ?? [];
  return words.flatMap((word) => names.get(word.toLowerCase()) ?? []);
}

/** A value as text for an environment or an argument: lists with commas, maps as JSON. */
export function textOf(value: Json): string {
  return legacyText(value as Value);
}

/** `windows`, as scripts and GitHub call it. */
function osName(platform: string): string {
  return platform === "win32" ? "Windows" : platform === "darwin" ? "macOS" : "Linux";
}

/** Plain JSON is made of values of the expression language; the compiler cannot see it through the recursion. */
function values(json: Variables): Record<string, Value> {
  return json as Record<string, Value>;
}

/** The variables a playbook starts from: typed inputs, its own, the profile's, the caller's. */
export function layersOf(
  playbook: Playbook,
  profile: PlaybookProfile | undefined,
  caller: Variables,
): { readonly declared: Record<string, Json>; readonly all: Record<string, Json> } {
  const inputs = Object.entries(playbook.inputs ?? {}).flatMap(([name, input]) =>
    input.default === undefined || input.secret === true ? [] : [[name, input.default] as const],
  );
  const declared = overlay(Object.fromEntries(inputs), playbook.orchestration.variables);
  return { declared, all: overlay(declared, profile?.variables, profile?.overrides, caller) };
}
