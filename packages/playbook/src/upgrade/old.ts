import { conjunction } from "@aither/expression";
import type { Json, Playbook, PlaybookStage, PlaybookStep } from "@aither/protocol";
import { type Fields, fieldsOf, isObject, textOf } from "../fields.ts";
import type { Gathering, Path } from "../finding.ts";
import { joinAround, readAround, readPostExecution, readRollback } from "./actions.ts";
import {
  compact,
  keepLabels,
  keepRest,
  looseEnvironment,
  modernTemplates,
  type NamedStage,
  notAMap,
  placed,
  readInputs,
  readMetadata,
  readProfiles,
  readSecrets,
  withIds,
} from "./common.ts";
import { notEnforced } from "./around.ts";
import { namesEnvironment, readOldEnvironment } from "./loose.ts";
import { readChecks } from "./checks.ts";
import { readCriteria } from "./criteria.ts";
import { readTopMessages } from "./notifications.ts";
import { looksLikeSelector, readOldAction } from "./old-action.ts";
import { joinReports, readReporting } from "./reports.ts";
import { defaultsWith, type OldOptions, readOldOptions } from "./options.ts";
import { readRequirements } from "./requirements.ts";
import { joinSelectors, noScript, readEntry, readStage } from "./stage.ts";
import { readConcurrency, readDefaults, readMetadataObject } from "./v3.ts";

/** v2: `metadata` and `orchestration.stages`. */
export function readV2(fields: Fields, fallbackName: string): Playbook {
  const inner = fields.object("orchestration")!;
  const written = inner.raw("stages")?.value;
  const stages = isObject(written) && !isLoneStage(written) ? stageMap(inner) : stageList(inner);
  const metadata = readMetadataObject(fields, fields.text("name") ?? fallbackName);
  const concurrency = isObject(inner.raw("concurrency")?.value) ? inner.object("concurrency") : undefined;
  const playbook = compact<Playbook>({
    $schema: fields.text("$schema"),
    apiVersion: fields.text("apiVersion"),
    metadata,
    requirements: readRequirements(fields.object("requirements")),
    inputs: readInputs(fields, "inputs", "parameters"),
    secrets: readSecrets(fields),
    orchestration: compact<Playbook["orchestration"]>({
      order: "written",
      undefinedVariables: "empty",
      defaults: readDefaults(inner.object("defaults")),
      env: readOldEnvironment(inner),
      variables: modernTemplates(inner.record("defaultVariables", "variables")),
      profiles: readProfiles(inner),
      maxConcurrency: inner.countOrTemplate("maxConcurrency") ?? concurrency?.countOrTemplate("maxConcurrency"),
      concurrency: readConcurrency(concurrency),
      failFast: inner.flagOrTemplate("failFast"),
      timeout: inner.secondsOrTemplate("timeout"),
      ...readChecks(inner, fields),
      successCriteria: readCriteria(inner, fields),
      ...joinAround(readAround(fields, readOldAction), readAround(inner, readOldAction), upstreams(fields)),
      ...joinReports(readReporting(fields, metadata.name), readReporting(inner, metadata.name)),
      jobs: stagesOf(fields.gathering, stages),
    }),
  });
  if (concurrency) keepRest({}, concurrency);
  keepRest(playbook.orchestration, inner);
  return keepRest(playbook, fields);
}

/** v1 and psd1: everything at the top level; `list` reads what is run. */
export function readOld(fields: Fields, fallbackName: string, stages: readonly NamedStage[]): Playbook {
  const ownProfiles = readProfiles(fields) ?? readProfiles(fields.object("options", "configuration"));
  const options = readOldOptions(fields);
  const inner = fields.raw("orchestration");
  if (inner) notEnforced(fields, inner.path, "the stages of this file stand at its top, and so do their settings");
  const metadata = readTopMetadata(fields, fallbackName);
  const playbook = compact<Playbook>({
    $schema: fields.text("$schema"),
    metadata,
    requirements: readRequirements(fields.object("requirements", "prerequisites")),
    inputs: readInputs(fields, "parameters", "inputs"),
    secrets: readSecrets(fields),
    orchestration: compact<Playbook["orchestration"]>({
      order: "written",
      undefinedVariables: "empty",
      defaults: defaultsWith(readDefaults(fields.object("defaults")), options),
      env: looseEnvironment(namesEnvironment(fields) ? fields.object("env") : fields.object("environment", "env")),
      variables: modernTemplates(fields.record("variables", "defaultVariables")),
      profiles: ownProfiles,
      maxConcurrency: options.maxConcurrency,
      failFast: fields.flagOrTemplate("failFast"),
      timeout: options.timeout,
      ...readChecks(fields),
      successCriteria: readCriteria(fields),
      ...joinAround(readAround(fields, readOldAction), upstreams(fields)),
      ...joinReports(options.reports, readReporting(fields, metadata.name)),
      jobs: stagesOf(fields.gathering, stages, options),
    }),
  });
  if (Object.keys(options.kept).length > 0) Object.assign(playbook, { options: options.kept });
  // The order of a map of stages, and of no other list.
  const written = fields.raw("stages")?.value;
  if (isObject(written) && !isLoneStage(written)) fields.ignore("executionOrder");
  keepLabels(playbook.metadata, fields);
  return keepRest(playbook, fields);
}

/** What upstream writes at the top of a file in words of its own. */
function upstreams(fields: Fields): ReturnType<typeof joinAround> {
  const rollback = readRollback(fields).map((step) => placed({ ...step, when: "failure" as const }, fields));
  const postActions = [...readPostExecution(fields), ...rollback];
  const notifications = readTopMessages(fields);
  return {
    ...(postActions.length > 0 && { postActions }),
    ...(notifications.length > 0 && { notifications }),
  };
}

function readTopMetadata(fields: Fields, fallbackName: string): Playbook["metadata"] {
  const inner = fields.object("metadata");
  const own = readMetadata(fields, fallbackName);
  if (!inner) return own;
  const more = { ...readMetadata(inner, own.name), name: own.name };
  keepLabels(more, inner);
  return keepRest({ ...more, ...own }, inner);
}

const ownWords = new Set([
  "name",
  "sequence",
  "sequences",
  "scripts",
  "script",
  "steps",
  "step",
  "number",
  "inline",
  "command",
  "playbook",
]);

/**
 * A stage (or an entry) that stands where a list of them is expected: to PowerShell one item is a list of one. In a map of
 * stages every value is a map; a stage has a name, or what it runs.
 */
export function isLoneStage(value: Json | undefined): boolean {
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, item]) => ownWords.has(key.toLowerCase()) && !isObject(item));
}

/** `stages: […]` */
export function stageList(fields: Fields): readonly NamedStage[] {
  return (fields.objects("stages") ?? []).map((stage) => ({ id: null, stage: readStage(stage) }));
}

/** `Sequence: [0402, 0404]`: one stage. */
export function plainSequence(fields: Fields): readonly NamedStage[] {
  const names = ["sequence", "scripts", "sequences"];
  const { value, path } = fields.raw(...names) ?? { value: null, path: fields.path };
  const place = (index: number): Path => (Array.isArray(value) ? [...path, index] : path);
  const steps = (fields.texts(...names) ?? []).map((run, index): PlaybookStep => placed({ run }, fields, place(index)));
  return [{ id: "main", stage: placed({ name: "main", steps }, fields, [...fields.path]) }];
}

/**
 * `Sequence: [{Script, …}]`: one stage for each entry; entries of one parallel group run side by side, and so do
 * neighbours that are parallel and of no group.
 */
export function entrySequence(fields: Fields, key: string): readonly Grouped[] {
  const found = fields.raw(key);
  const items = found === undefined ? [] : Array.isArray(found.value) ? (found.value as Json[]) : [found.value];
  return items.flatMap((item, index) => {
    const path = found !== undefined && Array.isArray(found.value) ? [...found.path, index] : (found?.path ?? []);
    const run = textOf(item);
    // A selector among entries is an entry of its own.
    if (run !== undefined)
      return [{ id: null, stage: stageOfEntry(fields.gathering, placed({ run }, fields, path), undefined) }];
    if (isObject(item)) return [entryOf(fieldsOf(item, path, fields.gathering))];
    fields.gathering.findings.push(noScript(path));
    return [];
  });
}

type Grouped = NamedStage & { readonly group?: string | null };

function entryOf(entry: Fields): Grouped {
  const group = entry.flag("parallel") === true ? (entry.text("group") ?? "").toLowerCase() : null;
  entry.ignore("group");
  if (Array.isArray(entry.raw("scripts", "sequence", "sequences")?.value) || entry.has("scripts", "sequences")) {
    return { id: null, stage: readStage(entry), group };
  }
  const name = entry.text("name", "description");
  const successCriteria = readCriteria(entry);
  const stage = stageOfEntry(entry.gathering, readEntry(entry), name);
  if (successCriteria) stage.successCriteria = successCriteria;
  return { id: null, stage, group };
}

function stageOfEntry(gathering: Gathering, step: PlaybookStep, name: string | undefined): PlaybookStage {
  const { if: condition, timeout, retries, continueOnError, backoff, ...bare } = step;
  const stage = compact<PlaybookStage>({
    name: name ?? step.name ?? step.run ?? step.uses,
    description: step.description,
    if: condition,
    timeout,
    retries,
    backoff,
    continueOnError,
    steps: [copyPlace(step, bare, gathering)],
  });
  // Both stand where the entry stands.
  return copyPlace(step, stage, gathering);
}

/** `stages: {id: {scripts}}` with `executionOrder`. */
export function stageMap(fields: Fields): readonly NamedStage[] {
  const order = fields.texts("executionOrder") ?? [];
  const entries = fields.object("stages")!.entries();
  reportUnknownOrder(
    fields,
    order,
    entries.map(({ key }) => key),
  );
  // A stage may be its scripts alone, where the keys are the names of stages.
  const bare = !entries.some(({ key }) => /^(name|description|sequences?|scripts?|steps|condition)$/i.test(key));
  const rank = (key: string): number => {
    const place = order.findIndex((name) => name.toLowerCase() === key.toLowerCase());
    return place < 0 ? order.length : place;
  };
  return entries
    .toSorted((a, b) => rank(a.key) - rank(b.key))
    .flatMap(({ key, value, path }): NamedStage[] => {
      const own =
        bare && (Array.isArray(value) || looksLikeSelector(textOf(value) ?? "")) ? { sequence: value } : value;
      if (isObject(own)) return [{ id: key, stage: readStage(fieldsOf(own, path, fields.gathering)) }];
      fields.gathering.findings.push(notAMap(path));
      return [];
    });
}

function reportUnknownOrder(fields: Fields, order: readonly string[], keys: readonly string[]): void {
  const known = new Set(keys.map((key) => key.toLowerCase()));
  for (const [index, name] of order.entries()) {
    if (known.has(name.toLowerCase())) continue;
    const { path, value } = fields.raw("executionOrder")!;
    fields.gathering.findings.push({
      severity: "warning",
      code: "unknown-stage",
      message: `\`executionOrder\` names \`${name}\`, which is no stage`,
      fix: `the stages are ${keys.join(", ")}`,
      path: Array.isArray(value) ? [...path, index] : path,
    });
  }
}

/** `sequences: [{name, steps: […]}]` */
export function sequenceList(fields: Fields): readonly NamedStage[] {
  return (fields.objects("sequences") ?? []).map((sequence) => ({ id: null, stage: readStage(sequence) }));
}

type Rules = Partial<Pick<OldOptions, "whole" | "sideBySide" | "goesOn">>;

/**
 * Ids, and the rules of the old formats: a stage that tolerates failures runs all its scripts; entries of one parallel
 * group wait for what is before the group, not for each other; without StopOnError all stages run.
 */
function stagesOf(
  gathering: Gathering,
  stages: readonly (NamedStage & { readonly group?: string | null })[],
  { whole, sideBySide = true, goesOn = false }: Rules = {},
): Record<string, PlaybookStage> {
  for (const { stage } of stages) {
    const tolerant = stage.continueOnError ?? whole;
    stage.steps = joinSelectors(stage.steps).map((step) =>
      tolerant === undefined || tolerant === false || step.continueOnError !== undefined
        ? step
        : copyPlace(step, { ...step, continueOnError: tolerant }, gathering),
    );
    if (goesOn) stage.if = stage.if === undefined ? "!cancelled()" : conjunction("!cancelled()", stage.if);
  }
  const jobs = withIds(stages);
  orderGroups(Object.keys(jobs), sideBySide ? stages : stages.map(() => ({ group: null })), jobs);
  return jobs;
}

const copies = new WeakMap<object, object>();

/** The original of a step that was copied with a default filled in. */
export function originalOf(part: object): object {
  return copies.get(part) ?? part;
}

/** Only where places are kept is it asked for. */
function copyPlace<T extends object>(original: object, copy: T, { paths }: Gathering): T {
  if (paths !== null) copies.set(copy, originalOf(original));
  return copy;
}

function orderGroups(
  ids: readonly string[],
  stages: readonly { readonly group?: string | null }[],
  jobs: Record<string, PlaybookStage>,
): void {
  let before: string[] = [];
  let current: string[] = [];
  let open: string | null = null;
  ids.forEach((id, index) => {
    const group = stages[index]?.group ?? null;
    if (group === null || group !== open) {
      before = current;
      current = [];
      open = group;
    }
    const follows = index > 0 && (group !== null || before.length > 1);
    if (follows) jobs[id]!.after = [...before];
    current.push(id);
  });
}
