import type { Json, PlaybookStage, PlaybookStep } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { finding } from "./finding.ts";
import { nearest } from "./graph.ts";
import type { StageInput } from "./stage.ts";

type Mention = {
  readonly text: string;
  readonly part: PlaybookStage | PlaybookStep;
  readonly keys: readonly (string | number)[];
};

/**
 * `needs.X` of a stage that this one does not wait for, and `steps.X` of a step that it has not, are empty when it runs: a
 * condition that asks for them is never what its writer thought, and nothing else would say so.
 */
export function reportMentions(compiler: Compiler, { id, stage, needs, after }: StageInput): void {
  const mentions = mentionsOf(stage);
  if (mentions.length === 0) return;
  const waitsFor = [...needs, ...after];
  const hooks = { ...compiler.playbook.orchestration.hooks, ...stage.hooks };
  const ids = [...stage.steps, ...Object.values(hooks).flat()].flatMap((step) => step.id ?? []);
  for (const { text, part, keys } of mentions) {
    const all = compiler.playbook.orchestration.jobs;
    for (const name of namesBehind(text, "needs")) {
      if (waitsFor.some((other) => other.toLowerCase() === name.toLowerCase())) continue;
      const isStage = Object.keys(all).some((other) => other.toLowerCase() === name.toLowerCase());
      const like = nearest(name, waitsFor);
      const fix = isStage
        ? `add ${name} to \`needs\``
        : like === null
          ? "name a stage that it needs"
          : `did you mean ${like}?`;
      const message = `\`needs.${name}\` is empty: ${id} does not need ${isStage ? name : "a stage of that id"}`;
      compiler.report(finding("unknown-need", message, { severity: "warning", part, keys, fix }));
    }
    for (const name of namesBehind(text, "steps")) {
      if (ids.some((other) => other.toLowerCase() === name.toLowerCase())) continue;
      const like = nearest(name, ids);
      const fix = like === null ? "give the step that is meant this `id`" : `did you mean ${like}?`;
      const message = `\`steps.${name}\` is empty: no step of ${id} has that id`;
      compiler.report(finding("unknown-step", message, { severity: "warning", part, keys, fix }));
    }
  }
}

const ofStages = ["if", "matrix", "env", "variables", "with", "outputs"] as const;
const ofSteps = ["if", "script", "run", "with", "env"] as const;

/** The texts of a stage that may hold expressions. */
function mentionsOf(stage: PlaybookStage): Mention[] {
  const found: Mention[] = [];
  for (const key of ofStages) if (mayMention(stage[key as keyof PlaybookStage])) addMentions(found, stage, key);
  for (const step of stage.steps)
    for (const key of ofSteps) if (mayMention(step[key as keyof PlaybookStep])) addMentions(found, step, key);
  return found;
}

/** Makes nothing: thousands of steps speak of nobody, and cost a glance. */
function mayMention(value: unknown): boolean {
  if (typeof value === "string") return /needs|steps/i.test(value);
  if (typeof value !== "object" || value === null) return false;
  for (const key in value) if (mayMention((value as Readonly<Record<string, unknown>>)[key])) return true;
  return false;
}

function addMentions(found: Mention[], part: PlaybookStage | PlaybookStep, key: string): void {
  for (const { text, keys: inner } of textsIn((part as Readonly<Record<string, unknown>>)[key] as Json)) {
    if (!mayMention(text)) continue;
    const expressions = key === "if" && !text.includes("${{") ? [text] : text.match(/\$\{\{.*?\}\}/gs);
    for (const expression of expressions ?? []) found.push({ text: expression, part, keys: [key, ...inner] });
  }
}

type Text = { readonly text: string; readonly keys: readonly (string | number)[] };

function* textsIn(value: Json, keys: Text["keys"] = []): Generator<Text> {
  if (typeof value === "string") yield { text: value, keys };
  else if (Array.isArray(value)) {
    for (const [index, item] of (value as Json[]).entries()) yield* textsIn(item, [...keys, index]);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* textsIn(item, [...keys, key]);
  }
}

/** `needs.build.result` speaks of `build`; what stands in quotes speaks of nothing. */
function namesBehind(expression: string, word: "needs" | "steps"): Set<string> {
  const bare = expression.replaceAll(/'(?:[^']|'')*'/g, "''");
  const found = bare.matchAll(new RegExp(`(?<![\\w.-])${word}\\s*\\.\\s*([A-Za-z_][\\w-]*)`, "gi"));
  return new Set([...found].map(([, name]) => name!));
}
