import type { Json, Playbook, PlaybookAction, PlaybookHooks, PlaybookStageHooks, PlaybookStep } from "@aither/protocol";
import { type Fields, fieldsOf, isObject, textOf } from "../fields.ts";
import { notEnforced, readArtifacts, whenOf } from "./around.ts";
import { compact, keepRest, notAMap, placed } from "./common.ts";
import { readNotifications } from "./notifications.ts";

/** How a format writes the steps around others: v3 as steps, the older ones in shapes of their own. */
export type StepReader = (fields: Fields) => PlaybookStep[];
type Around = Pick<Playbook["orchestration"], "artifacts" | "hooks" | "postActions" | "notifications">;

/** Moments of a job, under all names they go by. */
const moments: Readonly<Record<keyof PlaybookHooks, readonly string[]>> = {
  before: ["before", "pre"],
  after: ["after", "post", "onComplete"],
  onSuccess: ["onSuccess"],
  onFailure: ["onFailure", "onError"],
  onCancel: ["onCancel"],
  beforeStage: ["beforeStage", "preStage"],
  afterStage: ["afterStage", "postStage"],
};
const stageMoments = ["before", "after", "onSuccess", "onFailure", "onCancel"] as const;

/** Everything around the stages that one part of a file declares; parts are joined by `joinAround`. */
export function readAround(fields: Fields, read: StepReader): Around {
  return compact<Around>({
    artifacts: readArtifacts(fields),
    hooks: readHooks(fields.object("hooks"), Object.keys(moments) as (keyof PlaybookHooks)[], read),
    postActions: readPostActions(fields, read),
    notifications: readNotifications(fields),
  });
}

/** What the top of a file and its `orchestration` say is one. */
export function joinAround(...parts: readonly Around[]): Around {
  const joined: Around = {};
  for (const { artifacts, hooks, postActions, notifications } of parts) {
    if (notifications) joined.notifications = [...(joined.notifications ?? []), ...notifications];
    if (artifacts) joined.artifacts = [...(joined.artifacts ?? []), ...artifacts];
    if (hooks) joined.hooks = { ...joined.hooks, ...hooks };
    if (postActions) joined.postActions = [...(joined.postActions ?? []), ...postActions];
  }
  return joined;
}

export function readStageHooks(fields: Fields, read: StepReader): PlaybookStageHooks | undefined {
  const found = fields.raw("hooks");
  if (!found) return undefined;
  if (isObject(found.value)) return readHooks(fieldsOf(found.value, found.path, fields.gathering), stageMoments, read);
  fields.gathering.findings.push(notAMap(found.path));
  return undefined;
}

function readHooks<Name extends keyof PlaybookHooks>(
  fields: Fields | undefined,
  names: readonly Name[],
  read: StepReader,
): { [K in Name]?: PlaybookStep[] } | undefined {
  if (!fields) return undefined;
  const hooks: { [K in Name]?: PlaybookStep[] } = {};
  for (const name of names) {
    const steps = readSteps(fields, moments[name], read);
    if (steps && steps.length > 0) hooks[name] = steps;
  }
  for (const key of Object.keys(fields.rest())) {
    notEnforced(fields, [...fields.path, key], "this is no moment in the life of a job");
  }
  return Object.keys(hooks).length === 0 ? undefined : placed(hooks, fields);
}

function readSteps(fields: Fields, names: readonly string[], read: StepReader): PlaybookStep[] | undefined {
  const found = fields.raw(...names);
  if (!found) return undefined;
  const many = Array.isArray(found.value);
  const items = many ? (found.value as Json[]) : [found.value];
  return items.flatMap((item, index): PlaybookStep[] => {
    const path = many ? [...found.path, index] : found.path;
    // A lone text is a script in every format; the older reader knows which texts are none.
    const text = textOf(item);
    if (text !== undefined) return read(fieldsOf({ script: text }, path, fields.gathering));
    if (isObject(item)) return read(fieldsOf(item, path, fields.gathering));
    fields.gathering.findings.push(notAMap(path));
    return [];
  });
}

function readPostActions(fields: Fields, read: StepReader): PlaybookAction[] | undefined {
  const found = fields.raw("postActions");
  if (!found) return undefined;
  if (isObject(found.value) && !isLoneAction(found.value)) {
    const inner = fieldsOf(found.value, found.path, fields.gathering);
    for (const key of Object.keys(inner.rest())) {
      notEnforced(inner, [...inner.path, key], "it names a feature of the tool it was written for, not a script");
    }
    return undefined;
  }
  const isList = Array.isArray(found.value);
  const items = isList ? (found.value as Json[]) : [found.value];
  return items.flatMap((item, index): PlaybookAction[] => {
    const path = isList ? [...found.path, index] : found.path;
    if (!isObject(item)) {
      const text = textOf(item);
      if (text === undefined) fields.gathering.findings.push(notAMap(path));
      return text === undefined ? [] : read(fieldsOf({ script: text }, path, fields.gathering));
    }
    const inner = fieldsOf(item, path, fields.gathering);
    const word = textOf(inner.raw("when", "condition")?.value ?? "");
    const when = whenOf(word);
    // Its condition is one of the words; as an expression the reader of steps would take it for a variable.
    const steps = read(inner);
    if (when === undefined && word && inner.has("when") && steps.every((step) => step.if !== word)) {
      const message = `\`when\` must be always, success, failure or cancelled, not ${JSON.stringify(word)}`;
      const fix = "write one of these, or a condition as `if`";
      const finding = { severity: "error", code: "wrong-value", message, fix, path: [...inner.path, "when"] } as const;
      fields.gathering.findings.push(finding);
    }
    return steps.map((step) => {
      const { if: condition, ...rest } = step;
      const own = whenOf(condition) === undefined ? condition : undefined;
      const action = compact<PlaybookAction>({ ...rest, if: own, when });
      return placed(action, inner, fields.gathering.paths?.get(step) ?? inner.path);
    });
  });
}

/** One action where a list is expected; a map of other things names features of upstream's engine. */
function isLoneAction(value: { readonly [key: string]: Json }): boolean {
  const words = ["script", "run", "file", "uses", "inline", "command"];
  return Object.entries(value).some(([key, item]) => words.includes(key.toLowerCase()) && textOf(item) !== undefined);
}

/** Upstream's `Rollback`: scripts that run when the job failed. */
export function readRollback(fields: Fields): PlaybookStep[] {
  const inner = fields.object("rollback");
  if (!inner) return [];
  const enabled = textOf(inner.raw("enabled")?.value ?? true) ?? "true";
  const own = inner.record("variables", "parameters");
  const automatic = inner.flagOrTemplate("autoTrigger") ?? true;
  const scripts = inner.texts("scripts", "sequence") ?? [];
  if (inner.has("conditions")) {
    inner.ignore("conditions");
    notEnforced(inner, [...inner.path, "conditions"], "it runs whenever the job failed");
  }
  keepRest({}, inner);
  if (automatic === false || enabled.toLowerCase() === "false") return [];
  return scripts.map((run) => {
    const step = { name: `Rollback ${run}`, run, with: own, if: enabled === "true" ? undefined : enabled };
    return placed(compact<PlaybookStep>(step), inner);
  });
}

/** Upstream's `PostExecution`: of it, `TriggerScripts` are scripts. */
export function readPostExecution(fields: Fields): PlaybookAction[] {
  const inner = fields.object("postExecution");
  if (!inner) return [];
  const scripts = inner.texts("triggerScripts") ?? [];
  for (const key of Object.keys(inner.rest())) {
    notEnforced(inner, [...inner.path, key], "it names a feature of the tool it was written for, not a script");
  }
  return scripts.map((run) => placed({ run }, inner));
}
