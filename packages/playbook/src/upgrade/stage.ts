import { conjunction } from "@aither/expression";
import type { Json, PlaybookStage, PlaybookStep } from "@aither/protocol";
import { type Fields, fieldsOf, flagOf, isObject, textOf } from "../fields.ts";
import { pathText } from "../finding.ts";
import { readStageHooks } from "./actions.ts";
import { looksLikeSelector, readOldAction } from "./old-action.ts";
import { notEnforced, readArtifacts } from "./around.ts";
import { readCriteria } from "./criteria.ts";
import {
  compact,
  inlineStep,
  keepRest,
  modernTemplates,
  placed,
  readBackoff,
  readExitCodes,
  readLogLimit,
  readNoOutputTimeout,
  readTimeout,
} from "./common.ts";

/** A stage of v1, v2 and psd1: one list of selectors, with settings around it. */
export function readStage(fields: Fields): PlaybookStage {
  const jobs = fields.objects("jobs");
  const hooks = readStageHooks(fields, readOldAction);
  const stage = compact<PlaybookStage>({
    name: fields.text("name"),
    description: fields.text("description"),
    ...readSettings(fields),
    variables: modernTemplates(merged(fields.record("variables"), fields.record("parameters", "params"))),
    env: fields.environment("env", "environment"),
    hooks,
    ...readOurs(fields),
    matrix: isObject(fields.raw("matrix")?.value) ? fields.record("matrix") : fields.text("matrix"),
    maxParallel: fields.countOrTemplate("maxParallel"),
    outputs: fields.environment("outputs"),
    successCriteria: readCriteria(fields),
    steps: [...readSteps(fields), ...(jobs ?? []).flatMap(readParallelJob)],
  });
  ignoreLabels(fields);
  addOldWords(stage, fields);
  if (fields.text("type") === "parallel-group" || jobs) stage.parallel ??= true;
  liftMatrix(stage, fields);
  return keepRest(stage, fields);
}

/** They sort and describe, and demand nothing; the written order is the order. */
function ignoreLabels(fields: Fields): void {
  fields.ignore("order", "stage", "estimatedDuration", "phase");
}

/** `Required = $false`: it may fail. `SkipInCI = $true`: not where CI is set. */
function addOldWords(part: PlaybookStage | PlaybookStep, fields: Fields): void {
  if (fields.flag("required") === false) part.continueOnError ??= true;
  if (fields.flag("skipInCI") !== true) return;
  part.if = part.if === undefined ? "-not $env:CI" : conjunction("-not $env:CI", part.if);
}

/** Settings that mean the same in every old format. */
function readSettings(fields: Fields): Partial<PlaybookStage> {
  return compact<Partial<PlaybookStage>>({
    if: readCondition(fields),
    needs: fields.texts("needs", "dependsOn"),
    parallel: fields.flagOrTemplate("parallel"),
    maxConcurrency: fields.countOrTemplate("maxConcurrency"),
    failFast: fields.flagOrTemplate("failFast"),
    continueOnError: fields.flagOrTemplate("continueOnError"),
    timeout: readTimeout(fields),
    retries: fields.countOrTemplate("retries", "retryCount", "maxRetries"),
    backoff: readBackoff(fields),
    noOutputTimeout: readNoOutputTimeout(fields),
    ...readExitCodes(fields),
  });
}

/** What upstream has no word for, and the model has. */
function readOurs(fields: Fields): Pick<PlaybookStep, "workingDirectory" | "shell" | "logLimit" | "artifacts"> {
  return {
    ...compact<object>({
      workingDirectory: fields.text("workingDirectory", "workDir"),
      shell: fields.text("shell"),
      logLimit: readLogLimit(fields),
      artifacts: readArtifacts(fields),
    }),
  };
}

/** `condition: text`, or `Conditional = @{ When = text }`. */
function readCondition(fields: Fields): string | undefined {
  const found = fields.raw("condition", "if", "when", "conditional");
  if (!found) return undefined;
  if (isObject(found.value)) return fieldsOf(found.value, found.path, fields.gathering).text("when");
  return textOf(found.value);
}

function readSteps(fields: Fields): PlaybookStep[] {
  const steps: PlaybookStep[] = [];
  const pre = fields.text("preScript");
  if (pre !== undefined) steps.push(placed(inlineStep(pre, "preScript"), fields));
  for (const name of ["sequence", "sequences", "scripts", "script", "steps", "step", "number"]) {
    const found = fields.raw(name);
    if (!found) continue;
    const single = name === "script";
    const items = Array.isArray(found.value) ? (found.value as Json[]) : [found.value];
    items.forEach((item, index) => {
      const path = Array.isArray(found.value) ? [...found.path, index] : found.path;
      const step = readItem(item, single, fieldsOf(isObject(item) ? item : {}, path, fields.gathering));
      if (step) steps.push(placed(step, fields, path));
    });
  }
  steps.push(...readInline(fields));
  return steps;
}

/**
 * A list of selectors is one selector: exclusions (`!0208`) count for all of it, and what is selected twice runs once.
 * A list of plain, different numbers stays as it is, so that each keeps its own place in the file.
 */
export function joinSelectors(steps: readonly PlaybookStep[]): PlaybookStep[] {
  if (steps.length < 2) return [...steps];
  const bare = steps.filter((step) => Object.keys(step).length === 1 && step.run !== undefined);
  const texts = bare.map(({ run }) => run!.trim());
  const plain = texts.every((text) => /^[\w.-]+$/.test(text) && !/^\d{1,4}-\d{1,4}$/.test(text));
  if (bare.length < 2 || (plain && new Set(texts).size === texts.length)) return [...steps];
  // A comment in one of them ends with its line.
  const joined = { ...bare[0], run: texts.join(texts.some((text) => text.includes("#")) ? ",\n" : ",") };
  return steps.flatMap((step) => (step === bare[0] ? [joined] : bare.includes(step) ? [] : [step]));
}

/** One item of a list of scripts: a selector, or a map of a script and its settings. */
function readItem(item: Json, single: boolean, fields: Fields): PlaybookStep | undefined {
  const text = textOf(item);
  if (text !== undefined) {
    return single && !looksLikeSelector(text) ? inlineStep(text, undefined) : { run: text };
  }
  if (!isObject(item)) {
    fields.gathering.findings.push({
      severity: "error",
      code: "wrong-type",
      message: "a script is a number, a selector or a map",
      fix: null,
      path: fields.path,
    });
    return undefined;
  }
  return readEntry(fields);
}

/** A script with its settings, as in lists of objects. */
export function readEntry(fields: Fields): PlaybookStep {
  const inline = fields.text("inline");
  const playbook = fields.text("playbook");
  const path = fields.text("path", "file");
  const number = fields.text("script", "step", "number", "sequence", "run") ?? numberedId(fields);
  const step = compact<PlaybookStep>({
    name: fields.text("name") ?? fields.text("description"),
    description: fields.text("description"),
    ...(inline === undefined ? {} : { script: inline, shell: "pwsh" }),
    uses: playbook === undefined ? fields.text("uses") : `playbook:${playbook}`,
    run: inline === undefined && playbook === undefined ? (number ?? path) : undefined,
    with: modernTemplates(merged(fields.record("variables"), fields.record("parameters", "params", "with"))),
    env: fields.environment("env", "environment"),
    if: readCondition(fields),
    timeout: readTimeout(fields),
    noOutputTimeout: readNoOutputTimeout(fields),
    retries: fields.countOrTemplate("retries", "retryCount", "maxRetries"),
    backoff: readBackoff(fields),
    continueOnError: fields.flagOrTemplate("continueOnError"),
    ...readExitCodes(fields),
    ...readOurs(fields),
  });
  ignoreLabels(fields);
  addOldWords(step, fields);
  return keepRest(step, fields);
}

/** In stage maps a script's id is its number; the path beside it only repeats it. */
function numberedId(fields: Fields): string | undefined {
  const id = fields.text("id");
  return id !== undefined && /^\d{1,4}$/.test(id) ? id : undefined;
}

/** Inline text: `inline: [{script}]`, `customScript: {script}`, `Scripts = @{ Inline = … }`, `command`. */
function readInline(fields: Fields): PlaybookStep[] {
  const steps = ["inline", "customScript"].flatMap((name) => {
    const found = fields.raw(name);
    if (!found) return [];
    const items = Array.isArray(found.value) ? (found.value as Json[]) : [found.value];
    return items.flatMap((item, index): PlaybookStep[] => {
      const path = Array.isArray(found.value) ? [...found.path, index] : found.path;
      if (typeof item === "string") return [placed(inlineStep(item, undefined), fields, path)];
      if (!isObject(item)) return [];
      const inner = fieldsOf(item, path, fields.gathering);
      const text = inner.text("script", "inline", "command") ?? "";
      const step = inlineStep(text, inner.text("description", "name"));
      inner.ignore("type");
      return [keepRest(step, inner)];
    });
  });
  const command = fields.text("command");
  if (command !== undefined) steps.push(placed(inlineStep(command, "command"), fields));
  return steps;
}

/** A job of a parallel group: its selectors, with its own variables and name. */
function readParallelJob(fields: Fields): PlaybookStep[] {
  const name = fields.text("name");
  const variables = modernTemplates(merged(fields.record("variables"), fields.record("parameters", "params")));
  const {
    needs: _needs,
    parallel: _parallel,
    maxConcurrency: _max,
    failFast: _fast,
    ...settings
  } = readSettings(fields);
  const env = fields.environment("env", "environment");
  for (const key of ["needs", "dependsOn", "parallel", "maxConcurrency", "failFast"]) {
    if (fields.has(key)) notEnforced(fields, [...fields.path, key], "the jobs of a group run side by side");
  }
  const steps = readSteps(fields).map((step) =>
    placed(
      compact<PlaybookStep>({
        ...(settings as Partial<PlaybookStep>),
        ...step,
        name: name ?? step.name,
        with: merged(variables, step.with),
        env: env || step.env ? { ...env, ...step.env } : undefined,
      }),
      fields,
      fields.gathering.paths.get(step) ?? fields.path,
    ),
  );
  fields.ignore("description");
  for (const key of Object.keys(fields.rest())) {
    fields.gathering.notEnforced.push({
      what: key,
      where: pathText([...fields.path, key]),
      reason: "this key has no meaning in a job of a parallel group",
    });
  }
  return steps;
}

/** v2's own matrix: `variables.EnableMatrix` with `variables.MatrixDimensions`. */
function liftMatrix(stage: PlaybookStage, fields: Fields): void {
  const { variables } = stage;
  if (!variables) return;
  const key = (name: string): string | undefined =>
    Object.keys(variables).find((candidate) => candidate.toLowerCase() === name);
  const enable = key("enablematrix");
  const dimensions = key("matrixdimensions");
  if (enable === undefined || dimensions === undefined) return;
  const isOn = flagOf(variables[enable] ?? false);
  if (isOn === undefined) {
    notEnforced(fields, [...fields.path, "variables", enable], "whether there is a matrix must be true or false");
  }
  const matrix = variables[dimensions];
  if (isOn !== true || !isObject(matrix)) return;
  const rest = Object.entries(variables).filter(([name]) => name !== enable && name !== dimensions);
  stage.matrix = matrix;
  stage.variables = Object.fromEntries(rest);
}

function merged(
  first: Record<string, Json> | undefined,
  second: Record<string, Json> | undefined,
): Record<string, Json> | undefined {
  return first || second ? { ...first, ...second } : undefined;
}
