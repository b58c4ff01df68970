import { hasTemplate } from "@aither/expression";
import type { Json, PlaybookStage, PlaybookStep } from "@aither/protocol";
import { type Fields, fieldsOf, flagOf, isObject, textOf } from "../fields.ts";
import { type Finding, type Gathering, type Path, pathText } from "../finding.ts";
import { readStageHooks } from "./actions.ts";
import { looksLikeSelector, readOldAction } from "./old-action.ts";
import { notEnforced, readArtifacts } from "./around.ts";
import { readOldEnvironment } from "./loose.ts";
import { readCriteria } from "./criteria.ts";
import { addOldWords, inlineText, readRetries } from "./old-words.ts";
import {
  compact,
  inlineStep,
  keepRest,
  modernTemplates,
  placed,
  readExitCodes,
  readLogLimit,
  readNoOutputTimeout,
  readTimeout,
} from "./common.ts";

/** A stage of v1, v2 and psd1: one list of selectors, with settings around it. */
export function readStage(fields: Fields): PlaybookStage {
  const jobs = parallelJobs(fields);
  const strategy = fields.object("strategy");
  const hooks = readStageHooks(fields, readOldAction);
  const stage = compact<PlaybookStage>({
    name: fields.text("name"),
    description: fields.text("description"),
    ...readSettings(fields),
    variables: modernTemplates(merged(fields.record("variables"), fields.record("parameters", "params"))),
    env: readOldEnvironment(fields),
    hooks,
    ...readOurs(fields),
    matrix: readMatrix(fields) ?? (strategy && readMatrix(strategy)),
    maxParallel: fields.countOrTemplate("maxParallel"),
    ...(strategy && strategySettings(strategy)),
    outputs: fields.environment("outputs"),
    successCriteria: readCriteria(fields),
    steps: [...readSteps(fields), ...(jobs ?? []).flatMap(readParallelJob)],
  });
  if (strategy) keepRest({}, strategy);
  ignoreLabels(fields);
  addOldWords(stage, fields);
  if (/^parallel(-?group)?$/i.test(fields.text("type") ?? "") || jobs) stage.parallel ??= true;
  liftMatrix(stage, fields);
  return keepRest(stage, fields);
}

/** As v3 and GitHub's workflows write it: `strategy: {matrix, fail-fast, max-parallel}`. */
function strategySettings(strategy: Fields): Partial<PlaybookStage> {
  return compact<Partial<PlaybookStage>>({
    failFast: strategy.flagOrTemplate("failFast", "fail-fast"),
    maxParallel: strategy.countOrTemplate("maxParallel", "max-parallel"),
  });
}

function readMatrix(fields: Fields): PlaybookStage["matrix"] {
  return isObject(fields.raw("matrix")?.value) ? fields.record("matrix") : fields.text("matrix");
}

/** The jobs of a parallel group: a list of maps or selectors, or a map by their names. */
function parallelJobs(fields: Fields): Fields[] | undefined {
  const found = fields.raw("jobs");
  if (!found) return undefined;
  const job = (value: Json, path: Path, name?: string): Fields[] => {
    const own = isObject(value)
      ? value
      : Array.isArray(value) || textOf(value) !== undefined
        ? { sequence: value }
        : null;
    if (own !== null) return [fieldsOf({ ...(name !== undefined && { name }), ...own }, path, fields.gathering)];
    fields.gathering.findings.push(noScript(path));
    return [];
  };
  if (Array.isArray(found.value)) {
    return (found.value as Json[]).flatMap((value, index) => job(value, [...found.path, index]));
  }
  if (!isObject(found.value)) return job(found.value, found.path);
  return Object.entries(found.value).flatMap(([name, value]) => job(value, [...found.path, name], name));
}

/** They sort and describe, and demand nothing; the written order is the order. */
function ignoreLabels(fields: Fields): void {
  fields.ignore("order", "stage", "estimatedDuration", "phase");
}

/** Settings that mean the same in every old format. */
function readSettings(fields: Fields): Partial<PlaybookStage> {
  return compact<Partial<PlaybookStage>>({
    if: readCondition(fields),
    needs: fields.texts("needs", "dependsOn"),
    parallel: fields.flagOrCount("parallel"),
    maxConcurrency: fields.countOrTemplate("maxConcurrency"),
    failFast: fields.flagOrTemplate("failFast"),
    continueOnError: fields.flagOrTemplate("continueOnError"),
    timeout: readTimeout(fields),
    ...readRetries(fields),
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
  // What is no text is said by whoever reads texts.
  return textOf(found.value) ?? fields.text("condition", "if", "when", "conditional");
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
    for (const [index, item] of items.entries()) {
      const at = (): Path => (Array.isArray(found.value) ? [...found.path, index] : found.path);
      const step = readItem(item, single, { gathering: fields.gathering, at });
      if (!step) continue;
      fields.gathering.paths?.set(step, at());
      steps.push(step);
    }
  }
  for (const name of fields.texts("playbook", "playbooks") ?? []) {
    steps.push(placed({ uses: `playbook:${name.replace(/^playbook:/i, "")}` }, fields));
  }
  steps.push(...readInline(fields));
  const post = fields.text("postScript");
  if (post !== undefined) steps.push(placed(inlineStep(post, "postScript"), fields));
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
  joinedFrom.set(joined, bare);
  return steps.flatMap((step) => (step === bare[0] ? [joined] : bare.includes(step) ? [] : [step]));
}

/** The selectors that one was joined from, which each have a place of their own. */
const joinedFrom = new WeakMap<object, readonly PlaybookStep[]>();

/** Of the selectors that one was joined from the one that says `part`; itself where it was joined from none. */
export function selectorWith(step: object, part: string): object {
  const says = ({ run = "" }: PlaybookStep): boolean =>
    run.split(/[\s,]+/).some((one) => one === part || one.padStart(4, "0") === part);
  return joinedFrom.get(step)?.find(says) ?? joinedFrom.get(step)?.[0] ?? step;
}

/** A step whose selector is a list: each item keeps its place. */
export function withItems(step: PlaybookStep, fields: Fields, ...names: string[]): PlaybookStep {
  const found = fields.raw(...names);
  if (step.run === undefined || !Array.isArray(found?.value)) return step;
  const items = (found.value as Json[]).map((item, index) =>
    placed<PlaybookStep>({ run: textOf(item) ?? "" }, fields, [...found.path, index]),
  );
  joinedFrom.set(step, items);
  return step;
}

/** One item of a list of scripts: a selector, or a map of a script and its settings. */
function readItem(
  item: Json,
  single: boolean,
  { gathering, at }: { readonly gathering: Gathering; readonly at: () => Path },
): PlaybookStep | undefined {
  const text = textOf(item);
  if (text !== undefined) {
    if (/^playbook:/i.test(text)) return { uses: text };
    return single && !looksLikeSelector(text) ? inlineStep(text, undefined) : { run: text };
  }
  if (isObject(item)) return readEntry(fieldsOf(item, at(), gathering));
  gathering.findings.push(noScript(at()));
  return undefined;
}

export function noScript(path: Path): Finding {
  const message = "a script is a number, a selector or a map";
  return { severity: "error", code: "wrong-type", message, fix: "write its number, such as 0402", path };
}

/** A script with its settings, as in lists of objects. */
export function readEntry(fields: Fields): PlaybookStep {
  const own = fields.raw("script")?.value;
  const written = typeof own === "string" ? inlineText(own) : null;
  const inline = fields.text("inline", "scriptBlock") ?? written?.script;
  const playbook = fields.text("playbook");
  const path = fields.text("path", "file", "scriptPath");
  const number =
    fields.texts("script", "step", "number", "sequence", "run", "scriptNumber", "scriptId")?.join(",") ??
    numberedId(fields);
  const runs = written === null ? (number ?? path) : undefined;
  if (runs !== undefined && (inline !== undefined || playbook !== undefined)) {
    const counts = inline === undefined ? "playbook" : "inline text";
    const place = fields.raw("script", "step", "number", "sequence", "run", "path", "file")?.path ?? fields.path;
    notEnforced(fields, place, `an entry runs one thing, and of this one its ${counts} counts`);
  }
  const step = compact<PlaybookStep>({
    name: fields.text("name") ?? fields.text("description"),
    description: fields.text("description"),
    ...(inline === undefined ? {} : { script: inline, shell: "pwsh" }),
    uses: playbook === undefined ? fields.text("uses") : `playbook:${playbook}`,
    run: inline === undefined && playbook === undefined ? (number ?? path ?? numberedName(fields)) : undefined,
    with: modernTemplates(merged(fields.record("variables"), fields.record("parameters", "params", "with"))),
    env: readOldEnvironment(fields),
    if: readCondition(fields),
    timeout: readTimeout(fields),
    noOutputTimeout: readNoOutputTimeout(fields),
    ...readRetries(fields),
    continueOnError: fields.flagOrTemplate("continueOnError"),
    ...readExitCodes(fields),
    ...readOurs(fields),
  });
  ignoreLabels(fields);
  addOldWords(step, fields);
  return keepRest(withItems(step, fields, "script", "step", "number", "sequence", "run"), fields);
}

/** In stage maps a script's id is its number; the path beside it only repeats it. */
function numberedId(fields: Fields): string | undefined {
  const id = fields.text("id");
  return id !== undefined && /^\d{1,4}$/.test(id) ? id : undefined;
}

/** A script that is only named, by its file's name. */
function numberedName(fields: Fields): string | undefined {
  const name = fields.text("name");
  return name !== undefined && !fields.has("uses") && /^\d{4}_[\w.-]+$/.test(name) ? name : undefined;
}

/** Inline text: `inline: [{script}]`, `customScript: {script}`, `Scripts = @{ Inline = … }`, `command`. */
function readInline(fields: Fields): PlaybookStep[] {
  const steps = ["inline", "customScript", "scriptBlock"].flatMap((name) => {
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
  addOldWords(settings, fields);
  const matrix = Object.keys(variables ?? {}).find((key) => key.toLowerCase() === "enablematrix");
  if (matrix !== undefined && flagOf(variables![matrix] ?? false) !== false) {
    notEnforced(
      fields,
      [...fields.path, "variables", matrix],
      "a job of a group has no matrix of its own; a stage may have one",
    );
  }
  const env = readOldEnvironment(fields);
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
      fields.gathering.paths?.get(step) ?? fields.path,
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
  if (enable !== undefined && dimensions === undefined && flagOf(variables[enable] ?? false) === true) {
    notEnforced(fields, [...fields.path, "variables", enable], "there are no `MatrixDimensions` beside it");
  }
  if (enable === undefined || dimensions === undefined) return;
  const isOn = flagOf(variables[enable] ?? false);
  if (isOn === undefined) {
    notEnforced(fields, [...fields.path, "variables", enable], "whether there is a matrix must be true or false");
  }
  const matrix = variables[dimensions];
  if (isOn !== true || matrix === undefined || matrix === null) return;
  if (!isObject(matrix) && !(typeof matrix === "string" && hasTemplate(matrix))) {
    notEnforced(fields, [...fields.path, "variables", dimensions], "dimensions are a map of vectors");
    return;
  }
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
