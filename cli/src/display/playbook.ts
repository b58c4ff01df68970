import type { Json, Playbook, PlaybookStage, PlaybookStep } from "@aither/protocol";
import { duration } from "./duration.ts";
import { table } from "./table.ts";
import type { Theme } from "./theme.ts";

export type PlaybookPage = {
  readonly name: string;
  readonly format: string;
  readonly path: string;
  readonly playbook: Playbook;
  /** How long the latest completed runs took. */
  readonly tookMs: readonly number[];
};

/** A playbook for people: what it is for, what it asks, and its stages in order. */
export function playbookPage(page: PlaybookPage, theme: Theme): string[] {
  const { metadata, inputs = {}, orchestration } = page.playbook;
  const { variables = {}, profiles = {}, jobs } = orchestration;
  const facts: [string, string | undefined][] = [
    ["file", page.path === "" ? undefined : page.path],
    ["category", metadata.category],
    ["tags", metadata.tags?.join(", ")],
    ["version", metadata.version],
    ["author", metadata.author],
    ["takes", predicted(page.tookMs)],
    [
      "order",
      orchestration.order === "written" ? "stages run one after another, as written" : "stages wait for what they need",
    ],
    ["time limit", orchestration.timeout === undefined ? undefined : secondsText(orchestration.timeout)],
  ];
  return [
    `${theme.bold(page.name)} ${theme.dim(`(${page.format})`)}`,
    ...(metadata.description ? [metadata.description] : []),
    "",
    ...facts.flatMap(([what, value]) => (value ? [`${theme.dim(what.padEnd(11))} ${value}`] : [])),
    ...section(
      theme,
      "Profiles",
      Object.entries(profiles).map(([name, profile]) => profileRow(name, profile)),
    ),
    ...section(
      theme,
      "Inputs",
      Object.entries(inputs).map(([name, input]) => inputRow(name, input)),
    ),
    ...section(
      theme,
      "Variables",
      Object.entries(variables).map(([name, value]) => [name, valueText(value)]),
    ),
    "",
    theme.bold("Stages"),
    ...Object.entries(jobs).flatMap(([id, stage], index) => stageLines(theme, { id, stage, index })),
    ...section(theme, "Around the stages", aroundRows(orchestration)),
  ];
}

function aroundRows(orchestration: Playbook["orchestration"]): string[][] {
  const { hooks = {}, postActions = [], artifacts = [], notifications = [], undoOnFailure } = orchestration;
  const rows = Object.entries(hooks).flatMap(([moment, steps]) =>
    steps.map((step) => ["hook", moment, stepText(step)]),
  );
  rows.push(...postActions.map((step) => ["post action", step.when ?? "not after a cancel", stepText(step)]));
  rows.push(...artifacts.map(({ when, paths }) => ["keeps", when ?? "always", paths.join(", ")]));
  for (const { on, webhook, command, desktop, message } of notifications) {
    const whom = webhook ?? command ?? (desktop ? "desktop" : "who follows");
    rows.push(["tells", on.join(", "), [whom, message].filter(Boolean).join(": ")]);
  }
  if (undoOnFailure) rows.push(["undo", "failure, cancel", "what completed"]);
  return rows;
}

/** The median: one run on a busy day says little. */
function predicted(tookMs: readonly number[]): string {
  if (tookMs.length === 0) return "no history yet";
  const sorted = tookMs.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  const runs = tookMs.length === 1 ? "the only completed run" : `median of the last ${tookMs.length} completed runs`;
  return `about ${duration(median)} (${runs})`;
}

function section(theme: Theme, title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  // The titles of the columns would say less than the section's own.
  const [, ...lines] = table([{ title: "" }, { title: "" }, { title: "" }], rows);
  return ["", theme.bold(title), ...lines.map((line) => `  ${line}`)];
}

type Profile = NonNullable<Playbook["orchestration"]["profiles"]>[string];
type PlaybookInput = NonNullable<Playbook["inputs"]>[string];

function profileRow(name: string, profile: Profile): string[] {
  const set = Object.entries({ ...profile.variables, ...profile.overrides });
  const what = [
    profile.stages && `only ${profile.stages.join(", ")}`,
    profile.excludeStages && `without ${profile.excludeStages.join(", ")}`,
    set.length > 0 && set.map(([key, value]) => `${key}=${valueText(value)}`).join(" "),
  ];
  return [name, profile.description ?? "", what.filter(Boolean).join("; ")];
}

function inputRow(name: string, { type, required, description, ...input }: PlaybookInput): string[] {
  const allowed = input.enum === undefined ? "" : `, one of ${input.enum.map(valueText).join(", ")}`;
  const preset = input.default === undefined ? (required ? ", required" : "") : `, default ${valueText(input.default)}`;
  return [name, `${type ?? "string"}${allowed}${preset}`, description ?? ""];
}

function stageLines(theme: Theme, { id, stage, index }: { id: string; stage: PlaybookStage; index: number }): string[] {
  const named = stage.name === undefined || stage.name === id ? id : `${stage.name} ${theme.dim(`(${id})`)}`;
  const needs = listText(stage.needs);
  const after = listText(stage.after);
  const waits = `${needs && `  ← needs ${needs}`}${after && `  ← after ${after}`}`;
  const notes = [
    stage.if !== undefined && `if ${stage.if}`,
    stage.uses !== undefined && `calls ${stage.uses}`,
    stage.matrix !== undefined && `matrix ${matrixText(stage.matrix)}`,
    ...settings(stage),
    stage.parallel !== undefined && stage.parallel !== false && "its steps run side by side",
  ].filter((note) => note !== false);
  return [
    `${String(index + 1).padStart(3)}. ${named}${theme.dim(waits)}`,
    ...notes.map((note) => `     ${theme.dim(note)}`),
    ...stage.steps.map((step) => `     · ${stepText(step)}${theme.dim(stepNotes(step))}`),
  ];
}

function settings({ timeout, retries, continueOnError }: PlaybookStage | PlaybookStep): string[] {
  return [
    ...(timeout === undefined || timeout === 0 ? [] : [`at most ${secondsText(timeout)}`]),
    ...(retries === undefined || retries === 0 ? [] : [`${retries} retries`]),
    ...(continueOnError === undefined || continueOnError === false ? [] : ["a failure does not stop the job"]),
  ];
}

function stepText(step: PlaybookStep): string {
  if (step.run !== undefined) return step.name && step.name !== step.run ? `${step.run}  ${step.name}` : step.run;
  const what = step.file ?? step.uses ?? step.script?.trim().split("\n")[0] ?? "";
  return step.name ?? what;
}

function stepNotes(step: PlaybookStep): string {
  const undo = step.undo && `undo ${step.undo.run ?? step.undo.file ?? step.undo.script?.trim().split("\n")[0]}`;
  const kept = step.artifacts?.flatMap(({ paths }) => paths).join(", ");
  const around = [...(kept ? [`keeps ${kept}`] : []), ...(undo ? [undo] : [])];
  const notes = [...around, ...(step.if === undefined ? [] : [`if ${step.if}`]), ...settings(step)];
  return notes.length === 0 ? "" : `  ${notes.join("; ")}`;
}

function matrixText(matrix: NonNullable<PlaybookStage["matrix"]>): string {
  if (typeof matrix === "string") return matrix;
  const { include, exclude, ...vectors } = matrix;
  const crossed = Object.entries(vectors).map(
    ([key, value]) =>
      `${key}: ${Array.isArray(value) ? (value as Json[]).map(valueText).join(", ") : valueText(value)}`,
  );
  return [crossed.join(" × "), ...cellsText("without", exclude), ...cellsText("and", include)]
    .filter(Boolean)
    .join("; ");
}

/** `without {"os":"linux"}`: single cells are no vectors. */
function cellsText(word: string, cells: Json | undefined): string[] {
  if (cells === undefined) return [];
  return [`${word} ${Array.isArray(cells) ? (cells as Json[]).map(valueText).join(", ") : valueText(cells)}`];
}

function listText(value: string | readonly string[] | undefined): string {
  return value === undefined ? "" : typeof value === "string" ? value : value.join(", ");
}

function secondsText(value: number | string): string {
  return typeof value === "number" ? duration(value * 1_000) : value;
}

function valueText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
