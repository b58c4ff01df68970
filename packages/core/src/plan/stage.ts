import type {
  DynamicMatrix,
  Json,
  LegPlan,
  PlanRole,
  PlaybookStage,
  ScriptEntry,
  ScriptPlan,
  StagePlan,
} from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { criteriaOf, toleratedNames } from "./criteria.ts";
import { type Decided, decide } from "./decide.ts";
import { dynamicMatrix, isDynamic } from "./dynamic.ts";
import { finding } from "./finding.ts";
import { stepsOfLeg } from "./inner-step.ts";
import { expandMatrix, isRule, type MatrixLeg } from "./matrix.ts";
import { withDependencies } from "./header.ts";
import { envOf, type ScriptEnv } from "./run-spec.ts";
import { isNamed } from "./named.ts";
import { makeScope, overlay, resolveValue, resolveVariables, type Scope, textOf, type Variables } from "./scope.ts";
import { compileStep, type KeylessScript } from "./script.ts";
import type { ScriptIndex } from "./select.ts";
import { count, flag, seconds } from "./settings.ts";
import { addVariables } from "./variable-env.ts";

/** What all stages of a playbook share. */
export type Shared = {
  readonly scope: Scope;
  /** Vectors that a profile replaces, by lower-case name. */
  readonly overrides: ReadonlyMap<string, Json>;
  /** Why the profile leaves a stage out; null when it does not. */
  readonly leftOut: (id: string, name: string) => string | null;
};

/** The key of a script of a leg: `stage/script`, `stage[2]/script`. */
export type StageInput = {
  readonly id: string;
  readonly stage: PlaybookStage;
  readonly needs: readonly string[];
  readonly after: readonly string[];
  /** What it is for, if it is none of the playbook's own stages. */
  readonly role?: PlanRole;
};

/** Compiles one stage: its variables, its condition, its legs and their scripts. */
export function compileStage(compiler: Compiler, shared: Shared, input: StageInput): StagePlan {
  const { id, stage } = input;
  const at = compiler.at(stage);
  compiler.stageShell = stage.shell;
  const own = stage.variables ?? {};
  const { env, matrix } = shared.scope;
  const variables = compiler.take(
    resolveVariables(own, (visible) => makeScope(visible, env, matrix, compiler.around), shared.scope.variables, {
      ...at,
      keys: ["variables"],
    }),
  );
  const stageEnv = stage.env ? { ...env, ...compiler.env(stage.env, shared.scope, { ...at, keys: ["env"] }) } : env;
  const scope = scopeOf(compiler, shared.scope, { variables, env: stageEnv });
  if (stage.uses !== undefined) {
    const fix = "a stage may call a playbook (`playbook:NAME`); actions run with aither workflow run";
    const message = `\`uses: ${stage.uses}\` cannot be run here`;
    compiler.report(finding("cannot-use", message, { part: stage, keys: ["uses"], fix, atStart: true }));
  }
  const decided = decideStage(compiler, shared, input, scope);
  const legs = legsOf(compiler, { shared, input, scope });
  const setting = (key: keyof PlaybookStage): Json | undefined => {
    const value = stage[key] as Json | undefined;
    return typeof value === "string" ? compiler.setting(value, scope, { ...at, keys: [key] }) : value;
  };
  const name = textOf(setting("name") ?? "") || id;
  const plan: StagePlan = {
    id,
    name,
    description: stage.description ?? "",
    needs: [...input.needs],
    after: [...input.after],
    decision: decided.decision,
    reason: decided.reason,
    condition: decided.condition,
    // A called playbook's stages have its variables with them: the plan's own are the caller's.
    variables: compiler.callers.length === 0 ? variables : overlay(shared.scope.variables, variables),
    continueOnError:
      isNamed({ id, name }, toleratedNames(compiler)) ||
      (flag(setting("continueOnError") ?? compiler.defaults.continueOnError) ?? false),
    failFast: flag(setting("failFast")) ?? true,
    maxParallel: count(setting("maxParallel")) || null,
    parallel: parallelOf(setting("parallel"), setting("maxConcurrency")),
    timeoutMs: seconds(setting("timeout")),
    legs:
      legs.is === "known" ? legs.legs.map((leg, index) => compileLeg(compiler, { input, scope, leg, index })) : null,
    ...(legs.is === "dynamic" && { dynamic: legs.dynamic }),
    outputs: stage.outputs ?? {},
    ...(input.role !== undefined && { role: input.role }),
  };
  return { ...plan, ...criteriaOf(compiler, stage.successCriteria, [{ ...plan, decision: "run" }]) };
}

/** Most stages have nothing of their own: they share what the playbook's templates and conditions see. */
function scopeOf(compiler: Compiler, outer: Scope, own: Pick<Scope, "variables" | "env">): Scope {
  const adds = own.env !== outer.env || Object.keys(own.variables).length > 0 || Object.keys(outer.matrix).length > 0;
  return adds ? makeScope(overlay(outer.variables, own.variables), own.env, {}, compiler.around) : outer;
}

function decideStage(compiler: Compiler, shared: Shared, { id, stage }: StageInput, scope: Scope): Decided {
  const leftOut = shared.leftOut(id, stage.name ?? id);
  if (leftOut !== null) {
    return { decision: "skip", reason: leftOut, condition: null, hopeless: false, error: null };
  }
  const decided = decide(stage.if, scope, compiler.request.assume);
  compiler.reportCondition(decided, { part: compiler.at(stage).part, keys: ["if"] });
  return decided;
}

/** How many scripts at once: `parallel: 3` says it, `parallel: true` means as many as `maxConcurrency` allows. */
function parallelOf(parallel: Json | undefined, maxConcurrency: Json | undefined): number {
  const limit = count(maxConcurrency) || null;
  if (typeof parallel === "number") return Math.max(1, Math.floor(parallel));
  if (flag(parallel) !== true) return 1;
  return limit ?? ALL_AT_ONCE;
}

/** No bound of the stage's own: the daemon's slots are the bound. */
const ALL_AT_ONCE = 1_000;

const lonely: readonly MatrixLeg[] = [{ matrix: {}, name: "", suffix: "" }];

type Legs =
  | { readonly is: "known"; readonly legs: readonly MatrixLeg[] }
  | { readonly is: "dynamic"; readonly dynamic: DynamicMatrix };

type Place = { readonly shared: Shared; readonly input: StageInput; readonly scope: Scope };

/** The legs, or how they are made when the matrix needs something that only the run knows. */
export function legsOf(compiler: Compiler, { shared, input, scope }: Place): Legs {
  const { stage } = input;
  const known = (legs: readonly MatrixLeg[]): Legs => ({ is: "known", legs });
  if (stage.matrix === undefined) return known(lonely);
  const where = { part: stage, keys: ["matrix"] };
  const matrix = compiler.take(resolveValue(stage.matrix as Json, scope, compiler.at(stage, ["matrix"])));
  if (isDynamic(matrix)) {
    const leg = { matrix: {}, name: "", suffix: "" };
    const dynamic = dynamicMatrix(compiler, {
      input,
      scope,
      matrix,
      overrides: shared.overrides,
      compileLeg: (whole, inner) =>
        compileLeg(compiler, { input: { ...input, stage: whole }, scope: inner, leg, index: 0 }),
    });
    return { is: "dynamic", dynamic };
  }
  if (typeof matrix !== "object" || matrix === null || Array.isArray(matrix)) {
    compiler.report(finding("bad-matrix", "`matrix` must be a map of vectors", where));
    return known(lonely);
  }
  const expanded = expandMatrix(withOverrides(matrix as Variables, shared.overrides));
  if (!expanded.ok) {
    const keys = expanded.key === null ? ["matrix"] : ["matrix", expanded.key];
    compiler.report(finding("bad-matrix", expanded.message, { part: stage, keys }));
    return known(lonely);
  }
  if (expanded.legs.length === 0) {
    compiler.report(finding("empty-matrix", "`exclude` leaves nothing of this matrix", where));
  }
  return known(expanded.legs);
}

export function withOverrides(matrix: Variables, overrides: ReadonlyMap<string, Json>): Variables {
  return Object.fromEntries(
    Object.entries(matrix).map(([key, value]) => {
      const other = overrides.get(key.toLowerCase());
      return [key, Array.isArray(other) && !isRule(key) ? other : value];
    }),
  );
}

type LegInput = {
  readonly input: StageInput;
  readonly scope: Scope;
  readonly leg: MatrixLeg;
  readonly index: number;
};

/** Compiles the scripts of one leg. In a scope whose matrix is late, what comes from there stays a template. */
export function compileLeg(compiler: Compiler, { input, scope: outer, leg, index }: LegInput): LegPlan {
  const { id, stage } = input;
  const isSame = outer.late !== undefined || Object.keys(leg.matrix).length === 0;
  const scope = isSame ? outer : makeScope(outer.variables, outer.env, leg.matrix, compiler.around);
  const variables = isSame ? outer.variables : overlay(outer.variables, leg.matrix);
  const baseEnv = environmentOf({ variables, env: outer.env, root: compiler.folder(null) });
  const hooks = compiler.playbook.orchestration.hooks ?? {};
  const steps = input.role === undefined ? stepsOfLeg(id, stage, hooks) : stage.steps;
  const scripts = steps.flatMap((step, place) =>
    compileStep(compiler, { stage, step, keys: [], scope, baseEnv, role: input.role, isFirst: place === 0 }),
  );
  const prefix = stage.matrix === undefined ? id : `${id}[${index}]`;
  const made = { name: leg.name, matrix: leg.matrix, scripts: withKeys(prefix, scripts) };
  const sideBySide = stage.parallel !== undefined && stage.parallel !== false;
  return sideBySide ? withDependencies(made, byPath(compiler)) : made;
}

type Around = Pick<Scope, "variables" | "env"> & { readonly root: string };

/** The last one: stages that share their scope share this, too. */
let latest: { readonly of: Around; readonly made: ScriptEnv } | null = null;

/** What all scripts of a leg get. */
function environmentOf(of: Around): ScriptEnv {
  const { variables, env: declared, root } = of;
  const same = latest?.of;
  if (same?.variables === variables && same.env === declared && same.root === root) return latest!.made;
  const env = addVariables({ ...declared }, variables);
  env["AITHERZERO_ROOT"] = root;
  env["AITHERZERO_NONINTERACTIVE"] = "1";
  const made = envOf(env);
  latest = { of, made };
  return made;
}

/** The numbered scripts by their paths. */
export function byPath({ scripts }: Compiler): ReadonlyMap<string, ScriptEntry> {
  let known = indexed.get(scripts);
  if (known === undefined) {
    known = new Map(scripts.all.map((entry) => [entry.path, entry]));
    indexed.set(scripts, known);
  }
  return known;
}

const indexed = new WeakMap<ScriptIndex, ReadonlyMap<string, ScriptEntry>>();

function keyOf(hint: string): string {
  // What most hints are: numbers and ids.
  if (/^[\w.](?:[\w.-]{0,46}[\w.])?$/.test(hint)) return hint;
  return (
    hint
      .trim()
      .replaceAll(/[^\w.-]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 48) || "script"
  );
}

/** Keys are unique in the plan: a script that runs twice in a leg is `0402`, then `0402-2`. */
function withKeys(prefix: string, scripts: readonly KeylessScript[]): ScriptPlan[] {
  const taken = new Map<string, number>();
  return scripts.map(({ keyHint, script }) => {
    const base = keyOf(keyHint);
    const lower = base.toLowerCase();
    const seen = (taken.get(lower) ?? 0) + 1;
    taken.set(lower, seen);
    let unique = seen === 1 ? base : `${base}-${seen}`;
    while (seen > 1 && taken.has(unique.toLowerCase())) unique = `${unique}x`;
    if (seen > 1) taken.set(unique.toLowerCase(), 1);
    script.key = `${prefix}/${unique}`;
    return script;
  });
}
