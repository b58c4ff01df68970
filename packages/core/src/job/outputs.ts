import { type Context, interpolate, toPlain } from "@aither/expression";
import type { Json } from "@aither/protocol";
import { groupContext, legContext } from "./context.ts";
import { legsOf, partsOf } from "./look.ts";
import type { JobState, StageState } from "./state.ts";

/** What a stage tells those that need it; an error names the output that has no value. */
export type Outputs = { readonly outputs: Readonly<Record<string, Json>> } | { readonly error: string };

/**
 * The stage's outputs, from its legs in order: a later leg's value replaces an earlier one's unless it is empty.
 */
export function stageOutputs(state: JobState, stage: StageState): Outputs {
  const templates = Object.entries(stage.plan.outputs);
  if (templates.length === 0) return { outputs: {} };
  const outputs: Record<string, Json> = {};
  for (const leg of legsOf(stage)) {
    const error = addOutputs(outputs, templates, legContext(state, { stage, leg }));
    if (error !== null) return { error };
  }
  return { outputs };
}

/** A group's own outputs; one that declares none hands on those of the groups in it, as legs of a matrix do. */
export function groupOutputs(state: JobState, group: StageState): Outputs {
  const outputs: Record<string, Json> = {};
  for (const part of partsOf(state, group)) {
    if (part.plan.group === undefined) continue;
    for (const [name, value] of Object.entries(part.outputs)) put(outputs, name, value);
  }
  const error = addOutputs(outputs, Object.entries(group.plan.outputs), groupContext(state, group));
  return error === null ? { outputs } : { error };
}

type Templates = readonly (readonly [name: string, template: string])[];

function addOutputs(outputs: Record<string, Json>, templates: Templates, context: Context): string | null {
  for (const [name, template] of templates) {
    const made = interpolate(template, context);
    if (made.is === "error") return `its output \`${name}\`: ${made.message}`;
    if (made.is === "late") return `its output \`${name}\`: ${made.reason}`;
    put(outputs, name, toPlain(made.value));
  }
  return null;
}

function put(outputs: Record<string, Json>, name: string, value: Json): void {
  const empty = value === null || value === "";
  if (!empty || outputs[name] === undefined) outputs[name] = value ?? "";
}
