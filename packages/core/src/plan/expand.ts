import { interpolate, toPlain } from "@aither/expression";
import type { DynamicMatrix, Json, LegPlan, Playbook, PlaybookStage, RunSpec, StagePlan } from "@aither/protocol";
import { stageContext } from "../job/context.ts";
import { stagesOf } from "../job/look.ts";
import type { JobState, StageState } from "../job/state.ts";
import { type Compiler, makeCompiler } from "./compiler.ts";
import { expandMatrix } from "./matrix.ts";
import { makeScope, type Variables } from "./scope.ts";
import { indexScripts } from "./select.ts";
import { compileLeg, withOverrides } from "./stage.ts";

export type Expansion =
  | { readonly ok: true; readonly legs: readonly LegPlan[] }
  | { readonly ok: false; readonly reason: string };

/** Values of outputs may be secrets and may be long. */
const SHOWN_MAX = 60;

/**
 * The legs of a stage whose matrix needs outputs that are recorded by now. Once they are in a fact nobody asks again:
 * a later version of these rules changes nothing in a job that has its legs.
 */
export function expandStage(state: JobState, stage: StageState): Expansion {
  const { dynamic } = stage.plan;
  if (dynamic === undefined) return { ok: false, reason: "its matrix could not be made from earlier outputs" };
  const made = matrixOf(state, stage, dynamic);
  if (!made.ok) return made;
  const expanded = expandMatrix(withOverrides(made.matrix, new Map(Object.entries(dynamic.overrides))), {
    empty: "none",
  });
  if (!expanded.ok) return wrong(dynamic, { text: firstTemplate(dynamic.matrix), why: expanded.message });
  const compiler = compilerOf(state, dynamic);
  const written = dynamic.stage as unknown as PlaybookStage;
  compiler.stageShell = written.shell;
  const scope = makeScope(dynamic.variables, dynamic.env, {}, compiler.around);
  const input = { id: stage.plan.id, stage: written, needs: [], after: [] };
  const legs: LegPlan[] = [];
  for (const [index, leg] of expanded.legs.entries()) {
    const plan = compileLeg(compiler, { input, scope, leg, index });
    const error = compiler.findings.find(({ severity }) => severity === "error");
    if (error !== undefined) {
      const fix = error.fix === null ? "" : ` (${error.fix})`;
      return { ok: false, reason: `its leg [${leg.name}] cannot be made: ${error.message}${fix}` };
    }
    legs.push({ ...plan, scripts: plan.scripts.map((script) => ({ ...script, run: found(script.run, dynamic) })) });
  }
  return { ok: true, legs };
}

/** What a stage waits for before it has legs, for people. */
export function expansionNeeds({ dynamic, needs, after }: StagePlan): readonly string[] {
  return dynamic === undefined || dynamic.needs.length === 0 ? [...needs, ...after] : dynamic.needs;
}

type Made = { readonly ok: true; readonly matrix: Variables } | { readonly ok: false; readonly reason: string };

function matrixOf(state: JobState, stage: StageState, dynamic: DynamicMatrix): Made {
  const context = stageContext(state, stage);
  let failure: { readonly text: string; readonly why: string } | null = null;
  const fill = (value: Json): Json => {
    if (typeof value === "string") {
      const made = interpolate(value, context);
      if (made.is === "value") return toPlain(made.value);
      failure ??= { text: value, why: made.is === "error" ? made.message : made.reason };
      return null;
    }
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return (value as readonly Json[]).map(fill);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)]));
  };
  const matrix = fill(dynamic.matrix);
  if (failure !== null) return wrong(dynamic, { ...(failure as { text: string; why: string }), state });
  if (typeof matrix !== "object" || matrix === null || Array.isArray(matrix)) {
    return wrong(dynamic, {
      text: firstTemplate(dynamic.matrix),
      why: `${kindOf(matrix)} is no map of vectors`,
      state,
    });
  }
  for (const [key, value] of Object.entries(matrix as Variables)) {
    const written = (dynamic.matrix as Variables)[key];
    // A lone value is a vector of one where somebody wrote it; from an expression it is a list that was not read as one.
    if (Array.isArray(value) || (typeof dynamic.matrix === "object" && typeof written !== "string")) continue;
    const text = typeof written === "string" ? written : firstTemplate(dynamic.matrix);
    return wrong(dynamic, { text, why: `\`${key}\` is ${kindOf(value)}, not a list`, state });
  }
  return { ok: true, matrix: matrix as Variables };
}

type Wrong = { readonly text: string; readonly why: string; readonly state?: JobState };

function wrong(dynamic: DynamicMatrix, { text, why, state }: Wrong): { readonly ok: false; readonly reason: string } {
  const place = dynamic.place === "" ? "" : ` (${dynamic.place})`;
  const given = state === undefined ? [] : outputsIn(state, text);
  const seen = given.length === 0 ? "" : `; ${given.join(", ")}`;
  return { ok: false, reason: `its matrix \`${short(text)}\`${place} cannot be made: ${why}${seen}` };
}

/** `needs.plan.outputs.cells is \`[1,\``: what an expression was given. */
function outputsIn(state: JobState, text: string): string[] {
  return [...text.matchAll(/\bneeds\.([\w-]+)\.outputs\.([\w-]+)/gi)].map(([name, id, output]) => {
    const stage = [...stagesOf(state)].find(({ plan }) => plan.id.toLowerCase() === id!.toLowerCase());
    const value = Object.entries(stage?.outputs ?? {}).find(([key]) => key.toLowerCase() === output!.toLowerCase());
    return value === undefined ? `${name} was never told` : `${name} is ${kindOf(value[1])}`;
  });
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  if (value === "") return "empty";
  return `\`${short(typeof value === "string" ? value : JSON.stringify(value))}\``;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > SHOWN_MAX ? `${line.slice(0, SHOWN_MAX - 3)}...` : line;
}

function firstTemplate(value: Json): string {
  const texts = typeof value === "string" ? [value] : (JSON.stringify(value).match(/\$\{\{.*?\}\}/g) ?? []);
  return texts[0] ?? JSON.stringify(value);
}

/** The compiler of the plan again, with everything it may ask for from the plan. */
function compilerOf({ plan }: JobState, dynamic: DynamicMatrix): Compiler {
  const { workspace } = plan;
  return makeCompiler({
    playbook: { metadata: { name: plan.name }, orchestration: orchestrationOf(dynamic) },
    scripts: indexScripts(dynamic.scripts),
    request: { variables: {}, profile: null, assume: dynamic.assume, timeoutMs: null },
    around: { env: {}, platform: dynamic.platform },
    resolveFile: (path) => dynamic.files[path] ?? null,
    folder: (path) => (path === null ? workspace : isAbsolute(path) ? path : `${workspace}/${path}`),
    calls: new Map(),
    callers: [],
    undefinedIs: dynamic.undefinedIs,
  });
}

function orchestrationOf({ defaults, allowedFailures }: DynamicMatrix): Playbook["orchestration"] {
  return { defaults, ...(allowedFailures !== undefined && { successCriteria: { allowedFailures } }), jobs: {} };
}

function isAbsolute(path: string): boolean {
  return /^([/\\]|[A-Za-z]:[/\\])/.test(path);
}

/** The programs that planning found. */
function found(run: RunSpec, { programs }: DynamicMatrix): RunSpec {
  const [name = "", ...args] = run.argv;
  const program = programs[name];
  if (program === undefined) return run;
  const own = program.bare !== true ? args : run.text === null ? args : ["-e", "-c"];
  return { ...run, argv: [...program.front, ...own] };
}
