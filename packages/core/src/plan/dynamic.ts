import { hasTemplate } from "@aither/expression";
import type { DynamicMatrix, Json, LegPlan, PlaybookStage } from "@aither/protocol";
import type { Compiler, LookedUp } from "./compiler.ts";
import { toleratedNames } from "./criteria.ts";
import { decide } from "./decide.ts";
import { finding } from "./finding.ts";
import { nearest } from "./graph.ts";
import { type InnerStep, madeOf, stepsOfLeg } from "./inner-step.ts";
import { type LateMatrix, resolveValue, type Scope, type Variables, withLateMatrix } from "./scope.ts";
import type { StageInput } from "./stage.ts";

/** A stage whose matrix needs an earlier output, on its way into the plan. */
export type DynamicInput = {
  readonly input: StageInput;
  readonly scope: Scope;
  /** The matrix with what is known filled in. */
  readonly matrix: Json;
  readonly overrides: ReadonlyMap<string, Json>;
  readonly compileLeg: (stage: PlaybookStage, scope: Scope) => LegPlan;
};

/** True when something of a matrix is left open that only the run knows. */
export function isDynamic(matrix: Json): boolean {
  return textsOf(matrix).some(({ text }) => text.includes("${{"));
}

/**
 * What the run needs in order to make the legs. One leg is compiled on trial, with its matrix unknown: so whatever is
 * wrong with its steps is said before the start, and what they look up in the workspace is kept.
 */
export function dynamicMatrix(compiler: Compiler, given: DynamicInput): DynamicMatrix {
  const { input, scope, matrix } = given;
  const { stage } = input;
  const needs = neededBy(compiler, given);
  const late = namesOf(matrix);
  const inner = withLateMatrix(scope, { late, variables: scope.variables });
  const steps = stepsOfLeg(input.id, stage, compiler.playbook.orchestration.hooks ?? {}).map((step) =>
    frozen(compiler, step, inner),
  );
  const { needs: _needs, if: _if, hooks: _hooks, artifacts: _artifacts, outputs: _outputs, ...rest } = stage;
  const whole: PlaybookStage = madeOf({ ...rest, matrix: {}, steps }, stage);
  const lookedUp: LookedUp = { scripts: new Set(), files: new Map() };
  compiler.lookedUp = lookedUp;
  const leg = given.compileLeg(whole, inner);
  compiler.lookedUp = null;
  const { assume } = compiler.request;
  return {
    matrix,
    place: "",
    needs,
    overrides: Object.fromEntries(given.overrides),
    stage: plain(whole),
    defaults: plain(compiler.defaults),
    ...allowed(compiler, stage),
    variables: { ...scope.variables },
    env: { ...scope.env },
    platform: compiler.around.platform,
    undefinedIs: compiler.at(null).undefinedIs,
    ...(assume !== undefined && { assume }),
    scripts: [...lookedUp.scripts],
    files: Object.fromEntries(lookedUp.files),
    programs: {},
    leg,
  };
}

/** Parts of the model are plain data; undefined and what is not written go. */
function plain(part: object): Record<string, Json> {
  return JSON.parse(JSON.stringify(part)) as Record<string, Json>;
}

/** Which keys of a map or a list lead to a text. */
type Text = { readonly text: string; readonly keys: readonly (string | number)[] };

function textsOf(value: Json, keys: readonly (string | number)[] = []): Text[] {
  if (typeof value === "string") return [{ text: value, keys }];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return (value as Json[]).flatMap((item, index) => textsOf(item, [...keys, index]));
  return Object.entries(value).flatMap(([key, item]) => textsOf(item, [...keys, key]));
}

/** The stages whose outputs a matrix speaks of: they must be ones that this stage waits for. */
function neededBy(compiler: Compiler, { input, matrix }: DynamicInput): string[] {
  const waitsFor = new Map([...input.needs, ...input.after].map((id) => [id.toLowerCase(), id] as const));
  const found = new Set<string>();
  for (const { text, keys } of textsOf(matrix)) {
    if (!text.includes("${{")) continue;
    const where = { part: input.stage, keys: ["matrix", ...keys] };
    const named = [...text.matchAll(/\bneeds\s*(?:\.\s*([\w-]+)|\[\s*'([^']+)'\s*\])/gi)];
    if (named.length === 0) {
      const message = `the run cannot make \`${text}\`: a matrix can speak of outputs of earlier stages`;
      const fix = "write it as ${{ fromJSON(needs.STAGE.outputs.NAME) }}";
      compiler.report(finding("bad-matrix", message, { ...where, fix }));
    }
    for (const [, dotted, quoted] of named) {
      const name = (dotted ?? quoted)!;
      const id = waitsFor.get(name.toLowerCase());
      if (id !== undefined) {
        found.add(id);
        continue;
      }
      const like = nearest(name, waitsFor.values());
      const fix = like === null ? `add ${name} to \`needs\`` : `did you mean ${like}? or add ${name} to \`needs\``;
      compiler.report(
        finding("unknown-need", `the matrix speaks of \`needs.${name}\`, which ${input.id} does not need`, {
          ...where,
          fix,
        }),
      );
    }
  }
  return [...found];
}

/** The names a leg's matrix will have; null when its own text leaves them open. */
function namesOf(matrix: Json): LateMatrix {
  if (typeof matrix !== "object" || matrix === null || Array.isArray(matrix)) return null;
  const { include, exclude: _exclude, ...vectors } = matrix as Variables;
  const names = new Set(Object.keys(vectors).map((name) => name.toLowerCase()));
  if (include === undefined) return names;
  if (!Array.isArray(include)) return null;
  for (const item of include as readonly Json[]) {
    if (typeof item !== "object" || item === null) return null;
    for (const name of Object.keys(item)) names.add(name.toLowerCase());
  }
  return names;
}

/**
 * A step as it goes into the plan. The run knows nothing of the caller's environment any more, so what speaks of that
 * is decided and filled in here.
 */
function frozen(compiler: Compiler, step: InnerStep, scope: Scope): InnerStep {
  const { if: condition, artifacts: _artifacts, description: _description, ...rest } = step;
  const at = compiler.at(step);
  const decided = decide(condition, scope, compiler.request.assume);
  const open = decided.decision === "undecided" && condition !== undefined;
  if (open && !decided.hopeless && /\$(env:|\{env:)/i.test(condition)) {
    compiler.report(
      finding("undecidable", `\`${condition}\` speaks of the environment and of a matrix that only the run knows`, {
        fix: "take what the environment says into a variable, and speak of that",
        part: at.part,
        keys: ["if"],
        atStart: true,
      }),
    );
  }
  const left = decided.decision === "skip" ? "false" : open ? condition : decided.condition;
  const filled = fillIn(rest as unknown as Json, (text) =>
    /env:/i.test(text) ? resolveValue(text, scope, at).value : text,
  );
  return madeOf({ ...(filled as unknown as InnerStep), ...(left !== null && { if: left }) }, step);
}

function fillIn(value: Json, fill: (text: string) => Json): Json {
  if (typeof value === "string") return hasTemplate(value) ? fill(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as Json[]).map((item) => fillIn(item, fill));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, fill)]));
}

function allowed(compiler: Compiler, stage: PlaybookStage): Pick<DynamicMatrix, "allowedFailures"> {
  const names = toleratedNames(compiler, stage);
  return names.length === 0 ? {} : { allowedFailures: [...names] };
}
