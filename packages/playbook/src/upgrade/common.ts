import { logLimitOf } from "@aither/protocol";
import type {
  Json,
  Playbook,
  PlaybookBackoff,
  PlaybookInput,
  PlaybookProfile,
  PlaybookStage,
  PlaybookStep,
} from "@aither/protocol";
import { type Fields, fieldsOf, isObject, textOf } from "../fields.ts";
import { type Path, pathText } from "../finding.ts";
import { readLabel, readTags } from "./loose.ts";
import { isModelKey } from "./model-keys.ts";

/** A stage while it is being read: its id is made from its name when all are known. */
export type NamedStage = { readonly id: string | null; readonly stage: PlaybookStage };

/** Drops what is undefined, so that models carry exactly what was written. */
export function compact<T extends object>(object: { [K in keyof T]: T[K] | undefined }): T {
  const kept: Record<string, unknown> = {};
  for (const key in object) if (object[key] !== undefined) kept[key] = object[key];
  return kept as T;
}

/** Remembers where a part of the model was written, if somebody wants to know. */
export function placed<T extends object>(part: T, fields: Fields, path?: Path): T {
  fields.gathering.paths?.set(part, path ?? fields.path);
  return part;
}

/** Keeps the keys nobody read in the model, and reports them: declared, not enforced. */
export function keepRest<T extends object>(part: T, fields: Fields, reason?: string): T {
  const rest = fields.rest();
  for (const key of Object.keys(rest)) {
    fields.gathering.notEnforced.push({
      what: key,
      where: pathText([...fields.path, key]),
      reason: reason ?? reasonFor(key),
    });
  }
  for (const [key, value] of Object.entries(rest)) if (!isModelKey(key)) Object.assign(part, { [key]: value });
  return placed(part, fields);
}

/** What is known to mean something, although nothing acts on it. */
const reasons: Readonly<Record<string, string>> = {
  successcriteria: "criteria are those of a stage, or of the whole job",
  validation: "a script tells by its exit code whether it is content; nothing here knows these numbers",
  sequence: "the file has stages, and these are run",
  githubactions: "it speaks of GitHub's machines",
  requireadmin: "scripts have the rights of who starts them; `requirements.elevated` refuses a start without",
  skipifexists: "write a condition, or let the script look",
  integrations: "services outside are called by scripts of yours, with credentials of yours",
  qualitygates: "quality gates are not checked",
  triggers: "nothing starts by itself",
  schedule: "nothing starts by itself",
};

function reasonFor(key: string): string {
  return reasons[key.toLowerCase()] ?? "this key has no meaning here";
}

/** Ids from names, unique ignoring case: `Unit Tests` → `unit-tests`, `unit-tests-2`. */
export function withIds(stages: readonly NamedStage[]): Record<string, PlaybookStage> {
  const taken = new Set<string>();
  /** The number that the next stage of the same name tries first: all before it are taken. */
  const next = new Map<string, number>();
  const jobs: Record<string, PlaybookStage> = {};
  for (const [index, { id, stage }] of stages.entries()) {
    const base = id ?? (slug(stage.name ?? "") || `stage-${index + 1}`);
    const lower = base.toLowerCase();
    let count = next.get(lower) ?? 1;
    while (taken.has(count === 1 ? lower : `${lower}-${count}`)) count += 1;
    next.set(lower, count + 1);
    taken.add(count === 1 ? lower : `${lower}-${count}`);
    jobs[count === 1 ? base : `${base}-${count}`] = stage;
  }
  return jobs;
}

function slug(name: string): string {
  const dashed = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  const plain = dashed.slice(dashed.startsWith("-") ? 1 : 0, dashed.endsWith("-") ? -1 : undefined).slice(0, 60);
  return /^\d/.test(plain) ? `s-${plain}` : plain;
}

/** Metadata of a playbook, from wherever its format keeps it. `fallback` is the file's name. */
export function readMetadata(fields: Fields, fallback: string): Playbook["metadata"] {
  const metadata = compact<Playbook["metadata"]>({
    name: fields.text("name") || fallback,
    description: readLabel(fields, "description"),
    version: readLabel(fields, "version"),
    category: readLabel(fields, "category"),
    tags: readTags(fields),
    author: readLabel(fields, "author"),
  });
  return placed(metadata, fields);
}

/** What lists show and nothing acts on; it is no promise, so it is not reported. */
const labels = [
  "created",
  "createdAt",
  "lastUpdated",
  "updated",
  "estimatedDuration",
  "expectedDuration",
  "githubWorkflow",
  "convertedFrom",
  "convertedAt",
  "purpose",
  "performance",
  "license",
  "homepage",
  "$schema",
];

export function keepLabels<T extends object>(part: T, fields: Fields): T {
  const rest = fields.rest();
  for (const label of labels) {
    const key = Object.keys(rest).find((name) => name.toLowerCase() === label.toLowerCase());
    if (key === undefined) continue;
    fields.ignore(key);
    Object.assign(part, { [key]: rest[key] });
  }
  return part;
}

export function readProfiles(fields: Fields | undefined): Record<string, PlaybookProfile> | undefined {
  const entries = fields && namedEntries(fields, "profiles");
  if (!entries) return undefined;
  const profiles: Record<string, PlaybookProfile> = {};
  for (const { key, value, path } of entries) {
    // A name with nothing behind it is a profile that changes nothing.
    const own = value ?? {};
    if (!isObject(own)) {
      fields.gathering.findings.push(notAMap(path));
      continue;
    }
    const inner = fieldsOf(own, path, fields.gathering);
    inner.ignore("name");
    const profile = compact<PlaybookProfile>({
      description: inner.text("description"),
      variables: profileVariables(inner),
      overrides: inner.record("overrides"),
      stages: inner.texts("stages", "includeStages", "sequences"),
      excludeStages: inner.texts("excludeStages"),
      env: inner.environment("env") ?? inner.object("environment")?.environment("variables"),
      maxConcurrency: inner.countOrTemplate("maxConcurrency"),
    });
    profiles[key] = keepRest(profile, inner);
  }
  return profiles;
}

type Entry = { readonly key: string; readonly value: Json; readonly path: Path };

/** What has names: a map, or a list of maps that say their `name`. */
function namedEntries(fields: Fields, ...names: string[]): Entry[] | undefined {
  const found = fields.raw(...names);
  if (!found || !Array.isArray(found.value)) return fields.object(...names)?.entries();
  return (found.value as Json[]).flatMap((value, index): Entry[] => {
    const path = [...found.path, index];
    const name = isObject(value) ? Object.entries(value).find(([key]) => key.toLowerCase() === "name") : undefined;
    const key = name && textOf(name[1]);
    if (key !== undefined && key !== "") return [{ key, value, path }];
    const message = `\`${pathText(path)}\` must be a map with a \`name\``;
    const fix = "write a list of maps that each have a name, or one map by names";
    fields.gathering.findings.push({ severity: "error", code: "wrong-type", message, fix, path });
    return [];
  });
}

/** Upstream also calls them parameters. */
function profileVariables(fields: Fields): Record<string, Json> | undefined {
  const parameters = fields.record("parameters");
  const variables = fields.record("variables");
  return parameters || variables ? { ...parameters, ...variables } : undefined;
}

/** Typed parameters: v3 `inputs`, v1 `parameters`. */
export function readInputs(fields: Fields, ...names: string[]): Record<string, PlaybookInput> | undefined {
  const entries = namedEntries(fields, ...names);
  if (!entries) return undefined;
  const inputs: Record<string, PlaybookInput> = {};
  for (const { key, value, path } of entries) {
    if (!isObject(value)) {
      const input: PlaybookInput = value === null ? {} : { default: value };
      inputs[key] = placed(input, fields, path);
      continue;
    }
    const inner = fieldsOf(value, path, fields.gathering);
    inner.ignore("name");
    const input = compact<PlaybookInput>({
      type: inner.text("type"),
      description: inner.text("description"),
      default: inner.raw("default")?.value,
      required: inner.flag("required", "mandatory"),
      enum: listOf(inner.raw("enum", "values", "validateSet", "options")?.value),
      secret: inner.flag("secret"),
      example: inner.raw("example", "examples")?.value,
    });
    inputs[key] = keepRest(input, inner);
  }
  return inputs;
}

/** Names of environment variables. */
export function readSecrets(fields: Fields): string[] | undefined {
  const names = fields.texts("secrets");
  for (const [index, name] of (names ?? []).entries()) {
    if (/^[A-Za-z_]\w*$/.test(name)) continue;
    fields.gathering.findings.push({
      severity: "error",
      code: "wrong-value",
      message: "`secrets` holds names of environment variables, and this is none",
      fix: "write the name alone, such as DEPLOY_TOKEN; whoever starts the job gives its value",
      path: [...fields.path, "secrets", index],
    });
  }
  return names;
}

function listOf(value: Json | undefined): Json[] | undefined {
  return Array.isArray(value) ? (value as Json[]) : undefined;
}

/** An old file's environment: its plain values. What is nested is reported, not refused. */
export function looseEnvironment(fields: Fields | undefined): Record<string, string> | undefined {
  if (!fields) return undefined;
  const nested = fields.object("variables");
  if (nested) return looseEnvironment(nested);
  const env: Record<string, string> = {};
  for (const { key, value, path } of fields.entries()) {
    const text = textOf(value);
    if (text !== undefined) env[key] = text;
    else if (value !== null) {
      const reason = "an environment variable is a text";
      fields.gathering.notEnforced.push({ what: key, where: pathText(path), reason });
    }
  }
  return env;
}

/** A size, `{head, tail}` or `none`; in bytes from here on, so that nobody else has to know how people write sizes. */
export function readLogLimit(fields: Fields): PlaybookStep["logLimit"] {
  const found = fields.raw("logLimit");
  if (found === undefined) return undefined;
  const meant = logLimitOf(found.value);
  if (typeof meant !== "string") return meant ?? "none";
  const fix = "write it as 50MB, as {head: 1MB, tail: 64MB}, or none";
  fields.gathering.findings.push({ severity: "error", code: "wrong-type", message: meant, fix, path: found.path });
  return undefined;
}

type ExitCodes = Pick<PlaybookStep, "successExitCodes" | "retryExitCodes">;

/** Which exit codes are a success, and which failures are worth another attempt. */
export function readExitCodes(fields: Fields): ExitCodes {
  return compact<ExitCodes>({
    successExitCodes: codes(fields, "successExitCodes", "allowedExitCodes", "expectedExitCodes"),
    retryExitCodes: codes(fields, "retryExitCodes", "retryOnExitCodes", "retryOnExitCode"),
  });
}

function codes(fields: Fields, ...names: string[]): number[] | undefined {
  const found = fields.raw(...names);
  if (!found) return undefined;
  const list = (Array.isArray(found.value) ? (found.value as Json[]) : [found.value]).map((one) =>
    Number(textOf(one) ?? Number.NaN),
  );
  if (list.every((code) => Number.isInteger(code) && code >= 0 && code <= 0xff_ff_ff_ff)) return list;
  const message = `\`${pathText(found.path)}\` must be a list of exit codes`;
  const fix = "write whole numbers, such as [0, 3]";
  fields.gathering.findings.push({ severity: "error", code: "wrong-type", message, fix, path: found.path });
  return undefined;
}

/** `timeout` in seconds, or `timeoutMinutes`. */
export function readTimeout(fields: Fields): number | string | undefined {
  const minutes = fields.countOrTemplate("timeoutMinutes", "timeout-minutes", "timeoutInMinutes");
  return (
    fields.secondsOrTemplate("timeout", "timeoutSeconds") ??
    (typeof minutes === "string" ? `${minutes}m` : minutes === undefined ? undefined : minutes * 60)
  );
}

/** Seconds without output. */
export function readNoOutputTimeout(fields: Fields): number | string | undefined {
  return fields.secondsOrTemplate("noOutputTimeout", "noOutputTimeoutSeconds");
}

/** `retryDelay: 5` (seconds) or a map of initial, factor and max. */
export function readBackoff(fields: Fields): PlaybookBackoff | undefined {
  const delay = fields.countOrTemplate("retryDelay", "retryDelaySeconds", "delaySeconds");
  if (typeof delay === "number") return { initial: delay, factor: 1 };
  const inner = fields.object("backoff");
  if (!inner) return undefined;
  const number = (...names: string[]): number | undefined => {
    const value = inner.countOrTemplate(...names);
    return typeof value === "number" ? value : undefined;
  };
  const backoff = compact<PlaybookBackoff>({
    initial: number("initial", "initialSeconds"),
    factor: number("factor"),
    max: number("max", "maxSeconds"),
  });
  return keepRest(backoff, inner);
}

export function notAMap(path: Path) {
  return {
    severity: "error",
    code: "wrong-type",
    message: `\`${pathText(path)}\` must be a map`,
    fix: "write a map",
    path,
  } as const;
}

/** A step that runs inline text, in the shell that upstream's texts are written for. */
export function inlineStep(text: string, name: string | undefined): PlaybookStep {
  return compact<PlaybookStep>({ name, script: text, shell: "pwsh" });
}

/** Upstream also reads a variable as `$Variables.Name` or `$(Name)` in a value; the model says `{{Name}}`. */
export function modernTemplates<T extends Json | undefined>(value: T): T {
  if (value === undefined || !holdsDollar(value)) return value;
  if (typeof value === "string") {
    return value.replaceAll(/\$\{?Variables\.(\w+)\}?/gi, "{{$1}}").replaceAll(/\$\(([A-Za-z_]\w*)\)/g, "{{$1}}") as T;
  }
  if (Array.isArray(value)) return (value as Json[]).map(modernTemplates) as unknown as T;
  if (!isObject(value)) return value;
  const pairs = Object.entries(value).map(([key, item]) => [key, modernTemplates(item)] as const);
  return Object.fromEntries(pairs) as unknown as T;
}

function holdsDollar(value: Json): boolean {
  if (typeof value === "string") return value.includes("$");
  if (typeof value !== "object" || value === null) return false;
  return (Object.values(value) as Json[]).some(holdsDollar);
}
