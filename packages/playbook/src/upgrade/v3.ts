import type { Json, Playbook, PlaybookStage, PlaybookStep } from "@aither/protocol";
import { describe, type Fields, fieldsOf, isObject, textOf } from "../fields.ts";
import { pathText } from "../finding.ts";
import { joinAround, readAround, readStageHooks } from "./actions.ts";
import { readArtifacts, readUndo } from "./around.ts";
import { readChecks } from "./checks.ts";
import { readCriteria } from "./criteria.ts";
import { readCache } from "./cache.ts";
import { looksLikeSelector } from "./old-action.ts";
import { readOldEnvironment } from "./loose.ts";
import { withItems } from "./stage.ts";
import { readTerminal } from "./terminal.ts";
import { joinReports, readReporting, readReports } from "./reports.ts";
import {
  compact,
  keepLabels,
  keepRest,
  notAMap,
  placed,
  readBackoff,
  readExitCodes,
  readInputs,
  readLogLimit,
  readMetadata,
  readNoOutputTimeout,
  readProfiles,
  readSecrets,
  readTimeout,
} from "./common.ts";
import { readRequirements } from "./requirements.ts";

/** A v3 file: `metadata`, `orchestration.jobs`. Nothing is translated, only checked and put in order. */
export function readV3(fields: Fields, fallbackName: string): Playbook {
  const orchestration = fields.object("orchestration")!;
  const requirements = fields.object("requirements");
  const powershell = requirements?.has("minimumPowerShellVersion", "minPowerShellVersion") ?? false;
  const metadata = readMetadataObject(fields, fields.text("name") ?? fallbackName);
  const version = fields.text("apiVersion");
  if (version !== undefined && !/^aither\/v1$/i.test(version)) {
    reportTo(fields, "apiVersion", "it is read as aither/v1, the only version there is");
  }
  const playbook = compact<Playbook>({
    $schema: fields.text("$schema"),
    apiVersion: fields.text("apiVersion"),
    metadata,
    requirements: readRequirements(requirements),
    inputs: readInputs(fields, "inputs", "parameters"),
    secrets: readSecrets(fields),
    orchestration: readOrchestration(orchestration, { powershell, whole: fields, name: metadata.name }),
  });
  return keepRest(playbook, fields);
}

export function readMetadataObject(fields: Fields, fallbackName: string): Playbook["metadata"] {
  const inner = fields.object("metadata");
  if (!inner) return { name: fallbackName };
  const metadata = readMetadata(inner, fallbackName);
  keepLabels(metadata, inner);
  return keepRest(metadata, inner);
}

function readOrchestration(
  fields: Fields,
  { powershell, whole, name }: { powershell: boolean; whole: Fields; name: string },
): Playbook["orchestration"] {
  const group = isText(fields.raw("concurrency")?.value);
  const concurrency = group === undefined ? fields.object("concurrency") : undefined;
  const defaults = readDefaults(fields.object("defaults"));
  const orchestration = compact<Playbook["orchestration"]>({
    order: fields.oneOf(["written", "needs"], "order"),
    undefinedVariables: fields.oneOf(["error", "empty"], "undefinedVariables"),
    // Upstream's inline texts are PowerShell, and its files say so by asking for a version of it.
    defaults: powershell ? { shell: "pwsh", ...defaults } : defaults,
    env: readOldEnvironment(fields),
    variables: fields.record("variables", "defaultVariables"),
    profiles: readProfiles(fields),
    maxConcurrency: fields.countOrTemplate("maxConcurrency") ?? concurrency?.countOrTemplate("maxConcurrency"),
    concurrency: group === undefined ? readConcurrency(concurrency) : { group },
    failFast: fields.flagOrTemplate("failFast"),
    timeout: readTimeout(fields),
    outputs: fields.environment("outputs"),
    ...readChecks(fields, whole),
    successCriteria: readCriteria(fields, whole),
    undoOnFailure: fields.flag("undoOnFailure"),
    ...joinReports(readReports(fields), readReporting(whole, name), readReporting(fields, name)),
    ...joinAround(readAround(whole, oneStep), readAround(fields, oneStep)),
    jobs: readJobs(fields.object("jobs", "stages")),
  });
  if (concurrency) keepRest({}, concurrency);
  return keepRest(orchestration, fields);
}

/** `concurrency: deploy` says the group alone, as in GitHub workflows. */
function isText(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function readConcurrency(fields: Fields | undefined): Playbook["orchestration"]["concurrency"] {
  const group = fields?.text("group");
  const cancelInProgress = fields?.flag("cancelInProgress", "cancel-in-progress");
  if (fields && group === undefined) {
    fields.gathering.findings.push({
      severity: "error",
      code: "wrong-value",
      message: `\`${pathText(fields.path)}\` has no \`group\``,
      fix: "name the group: one of its jobs runs at a time",
      path: fields.path,
    });
  }
  return group === undefined
    ? undefined
    : compact<{ group: string; cancelInProgress?: boolean }>({ group, cancelInProgress });
}

export function readDefaults(fields: Fields | undefined): Playbook["orchestration"]["defaults"] {
  if (!fields) return undefined;
  const defaults = compact<NonNullable<Playbook["orchestration"]["defaults"]>>({
    continueOnError: fields.flagOrTemplate("continueOnError"),
    timeout: readTimeout(fields),
    noOutputTimeout: readNoOutputTimeout(fields),
    retries: fields.countOrTemplate("retries", "retryCount"),
    backoff: readBackoff(fields),
    ...readExitCodes(fields),
    logLimit: readLogLimit(fields),
    shell: fields.text("shell"),
    profile: fields.text("profile"),
  });
  return keepRest(defaults, fields);
}

function readJobs(fields: Fields | undefined): Record<string, PlaybookStage> {
  const jobs: Record<string, PlaybookStage> = {};
  for (const { key, value, path } of fields?.entries() ?? []) {
    if (isObject(value)) jobs[key] = readJob(fieldsOf(value, path, fields!.gathering));
    else fields!.gathering.findings.push(notAMap(path));
  }
  return jobs;
}

function readJob(fields: Fields): PlaybookStage {
  const strategy = fields.object("strategy");
  const stage = compact<PlaybookStage>({
    name: fields.text("name"),
    description: fields.text("description"),
    needs: fields.texts("needs"),
    after: fields.texts("after"),
    if: readIf(fields),
    matrix: readMatrix(fields, strategy),
    failFast: fields.flagOrTemplate("failFast", "fail-fast") ?? strategy?.flagOrTemplate("fail-fast", "failFast"),
    maxParallel:
      fields.countOrTemplate("maxParallel", "max-parallel") ?? strategy?.countOrTemplate("max-parallel", "maxParallel"),
    parallel: fields.flagOrCount("parallel"),
    maxConcurrency: fields.countOrTemplate("maxConcurrency"),
    env: fields.environment("env"),
    variables: fields.record("variables"),
    workingDirectory: fields.text("workingDirectory", "working-directory"),
    shell: fields.text("shell"),
    timeout: readTimeout(fields),
    noOutputTimeout: readNoOutputTimeout(fields),
    retries: fields.countOrTemplate("retries"),
    backoff: readBackoff(fields),
    ...readExitCodes(fields),
    logLimit: readLogLimit(fields),
    continueOnError: fields.flagOrTemplate("continueOnError", "continue-on-error"),
    outputs: fields.environment("outputs"),
    successCriteria: readCriteria(fields),
    artifacts: readArtifacts(fields),
    hooks: readStageHooks(fields, oneStep),
    uses: fields.text("uses"),
    with: fields.has("uses") ? fields.record("with") : undefined,
    steps: readSteps(fields),
  });
  if (strategy) keepRest({}, strategy);
  return keepRest(stage, fields);
}

/** The steps of a job. One that is a selector alone is a step, and a job may be one alone, too. */
function readSteps(fields: Fields): PlaybookStep[] {
  const found = fields.raw("steps", "scripts");
  if (!found) {
    const run = fields.texts("run", "sequence", "sequences")?.join(",");
    return run === undefined ? [] : [placed({ run }, fields)];
  }
  const many = Array.isArray(found.value);
  const text = textOf(found.value);
  if (text !== undefined && !looksLikeSelector(text)) {
    fields.gathering.findings.push({
      severity: "error",
      code: "wrong-type",
      message: `\`${pathText(found.path)}\` must be a list, not ${describe(found.value)}`,
      fix: `write a list of steps: [{ script: ${JSON.stringify(text)} }]`,
      path: found.path,
    });
    return [];
  }
  const items = many ? (found.value as Json[]) : [found.value];
  return items.flatMap((item, index): PlaybookStep[] => {
    const path = many ? [...found.path, index] : found.path;
    if (isObject(item)) return [readStep(fieldsOf(item, path, fields.gathering))];
    const run = textOf(item);
    if (run !== undefined && looksLikeSelector(run)) return [placed({ run }, fields, path)];
    fields.gathering.findings.push(notAMap(path));
    return [];
  });
}

function readIf(fields: Fields): string | undefined {
  const found = fields.raw("if", "condition");
  return found ? (textOf(found.value) ?? fields.text("if", "condition")) : undefined;
}

function readMatrix(fields: Fields, strategy: Fields | undefined): PlaybookStage["matrix"] {
  const from = fields.has("matrix") ? fields : strategy;
  const found = from?.raw("matrix");
  if (!found) return undefined;
  return typeof found.value === "string" ? found.value : from!.record("matrix");
}

function oneStep(fields: Fields): PlaybookStep[] {
  const step = readStep(fields);
  return [placed(step, fields)];
}

function readStep(fields: Fields): PlaybookStep {
  const outputs = fields.raw("outputs");
  const step = compact<PlaybookStep>({
    id: fields.text("id"),
    name: fields.text("name"),
    description: fields.text("description"),
    run: fields.texts("run")?.join(","),
    script: fields.text("script"),
    file: fields.text("file"),
    uses: fields.text("uses") ?? calledBy(fields),
    with: fields.record("with", "variables"),
    env: fields.environment("env"),
    workingDirectory: fields.text("workingDirectory", "working-directory"),
    shell: fields.text("shell"),
    if: readIf(fields),
    timeout: readTimeout(fields),
    noOutputTimeout: readNoOutputTimeout(fields),
    retries: fields.countOrTemplate("retries"),
    backoff: readBackoff(fields),
    ...readExitCodes(fields),
    logLimit: readLogLimit(fields),
    continueOnError: fields.flagOrTemplate("continueOnError", "continue-on-error"),
    idempotent: fields.flag("idempotent"),
    onInterrupted: fields.oneOf(["resume", "fail", "ask"], "onInterrupted"),
    separateStderr: fields.flag("separateStderr"),
    stdin: fields.flag("stdin"),
    pty: readTerminal(fields),
    outputs: outputs?.value,
    cache: readCache(fields),
    artifacts: readArtifacts(fields),
    undo: readUndo(fields),
  });
  const [first, ...others] = (["script", "run", "file", "uses"] as const).filter((key) => step[key] !== undefined);
  for (const other of others) reportTo(fields, other, `a step runs one thing, and of this one its \`${first}\` counts`);
  if (outputs && !isPlainNames(outputs.value)) {
    reportTo(fields, "outputs", "a script tells its outputs itself, in the file AITHER_OUTPUT");
  }
  return keepRest(withItems(step, fields, "run"), fields);
}

/** As the older formats write it. */
function calledBy(fields: Fields): string | undefined {
  const name = fields.text("playbook");
  return name === undefined ? undefined : `playbook:${name}`;
}

function isPlainNames(value: Json): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function reportTo(fields: Fields, what: string, reason: string): void {
  const where = pathText([...fields.path, what]);
  fields.gathering.notEnforced.push({ what, where, reason });
}
