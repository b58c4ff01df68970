import type { Playbook, PlaybookProfile, PlaybookStage, StagePlan } from "@aither/protocol";
import { compileAround, stagesAround } from "./around.ts";
import { callOf, compileCall } from "./call.ts";
import { reportPreConditions } from "./checks.ts";
import type { Compiler } from "./compiler.ts";
import { finding } from "./finding.ts";
import { graphProblems } from "./graph.ts";
import { leftOut, type NamedProfile, profileOf, reportUnknownStages } from "./profile.ts";
import { slipsOf, typedVariables } from "./inputs.ts";
import { layersOf, makeScope, overlay, resolveVariables, type Scope } from "./scope.ts";
import { secretNames } from "./secrets.ts";
import { reportMentions } from "./mentions.ts";
import { compileStage, type Shared, type StageInput } from "./stage.ts";

/** Where a stage of the plan was written. */
export type WrittenStage = { readonly playbook: Playbook; readonly stage: PlaybookStage };

/** A playbook with all its stages, those of playbooks it calls among them. */
export type Whole = {
  readonly scope: Scope;
  readonly profile: NamedProfile | null;
  readonly stages: readonly StagePlan[];
  readonly written: ReadonlyMap<string, WrittenStage>;
};

/** Compiles everything a playbook runs; what it is wrapped into is the caller's. */
export function compileWhole(compiler: Compiler): Whole {
  const { playbook, request } = compiler;
  const { orchestration } = playbook;
  const profileName = request.profile ?? orchestration.defaults?.profile ?? null;
  const profile = profileOf(compiler, profileName);
  const scope = playbookScope(compiler, profile?.profile);
  addSecrets(compiler, profile?.profile);
  const shared: Shared = {
    scope,
    overrides: new Map(
      Object.entries(profile?.profile.overrides ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    leftOut: (id, name) => leftOut(profile, id, name),
  };
  // Those of a playbook that is called are not looked at, which is said where it is called.
  if (compiler.callers.length === 0) reportPreConditions(compiler, scope);
  if (compiler.callers.length === 0) reportUnknownStages(compiler);
  const around = stagesAround(compiler, stageInputs(compiler), scope);
  const written = new Map<string, WrittenStage>();
  // A profile chooses among the playbook's own stages; what surrounds them stays.
  const sharedAround: Shared = { ...shared, leftOut: () => null };
  const compileOther = (other: StageInput) =>
    compileAround(compiler, { input: other, scope }, (inner) => compileStage(inner, sharedAround, other));
  const compileOwn = (input: StageInput): readonly StagePlan[] => {
    written.set(input.id, { playbook, stage: input.stage });
    reportEmpty(compiler, input);
    reportMentions(compiler, input);
    if (callOf(input.stage) === null) return [compileStage(compiler, shared, input)];
    const called = compileCall(compiler, { shared, input }, compileWhole);
    for (const [id, part] of called.written) written.set(id, part);
    return called.stages;
  };
  const stages = [
    ...around.before.map(compileOther),
    ...around.own.flatMap(compileOwn),
    ...around.after.map(compileOther),
  ];
  checkUniqueSteps(compiler);
  return { scope, profile, stages, written };
}

/** One that runs nothing is most likely a slip, and nothing else would say so. */
function reportEmpty(compiler: Compiler, { id, stage }: StageInput): void {
  if (stage.steps.length > 0 || stage.uses !== undefined) return;
  const extras = { severity: "warning" as const, part: stage, fix: "give it `steps`, or take it out" };
  compiler.report(finding("empty-stage", `the stage ${id} runs nothing`, extras));
}

function playbookScope(compiler: Compiler, profile: PlaybookProfile | undefined): Scope {
  const { playbook, request, around } = compiler;
  const { orchestration } = playbook;
  const base = layersOf(playbook, profile, {});
  const typed = typedVariables(playbook, {
    declared: base.all,
    caller: request.variables,
    mendAt: request.mendAt,
  });
  compiler.findings.push(...typed.findings);
  // A called playbook of an older format gets all of its caller's variables.
  if (compiler.callers.length === 0) compiler.notEnforced.push(...slipsOf(playbook, base.all, request.variables));
  const all = overlay(base.all, typed.values);
  const variables = compiler.take(
    resolveVariables(
      all,
      (visible) => makeScope(visible, {}, {}, around),
      {},
      compiler.at(orchestration, ["variables"]),
    ),
  );
  const bare = makeScope(variables, {}, {}, around);
  const declared = { ...orchestration.env, ...profile?.env, ...request.env };
  const env = compiler.env(declared, bare, compiler.at(orchestration, ["env"]));
  return makeScope(variables, env, {}, around);
}

function addSecrets(compiler: Compiler, profile: PlaybookProfile | undefined): void {
  const { playbook, request, around } = compiler;
  const declared = overlay(playbook.orchestration.variables, profile?.variables, profile?.overrides);
  const { names, findings } = secretNames({ playbook, declared, caller: request.variables, env: around.env });
  compiler.findings.push(...findings);
  for (const name of names) compiler.secrets.add(name);
}

const none: readonly string[] = [];

function stageInputs(compiler: Compiler): StageInput[] {
  const { orchestration } = compiler.playbook;
  const entries = Object.entries(orchestration.jobs);
  const ids = new Map(entries.map(([id]) => [id.toLowerCase(), id] as const));
  for (const [id, { name }] of entries) {
    // Old formats speak of stages by their names.
    if (name !== undefined && !ids.has(name.toLowerCase())) ids.set(name.toLowerCase(), id);
  }
  const known = (id: string): string => ids.get(id.toLowerCase()) ?? id;
  const listed = (value: string | readonly string[] | undefined): readonly string[] =>
    value === undefined ? none : typeof value === "string" ? [known(value)] : value.map(known);
  const waits = new Map<string, readonly string[]>();
  for (const [id, { needs, after }] of entries) {
    if (needs !== undefined || after !== undefined) waits.set(id, [...listed(needs), ...listed(after)]);
  }
  const order = { ids: entries.map(([id]) => id), waits };
  const isStraight = !looksAhead(order);
  const inputs = entries.map(([id, stage], index): StageInput => {
    const needs = stage.needs === undefined ? none : [...new Set(listed(stage.needs))];
    const isWritten = orchestration.order === "written" && stage.needs === undefined;
    const before = !isWritten
      ? none
      : isStraight
        ? order.ids.slice(Math.max(0, index - 1), index)
        : behind(index, order);
    const after = stage.after === undefined ? before : listed(stage.after);
    if (!isStraight) waits.set(id, [...needs, ...after]);
    return { id, stage, needs, after };
  });
  if (entries.length === 0) {
    compiler.report(
      finding("no-stages", "the playbook has no stages", { part: orchestration, keys: ["jobs"], fix: "add one" }),
    );
  }
  for (const [id, stage] of entries) {
    if (/^[A-Za-z0-9_.-]{1,100}$/.test(id)) continue;
    compiler.report(
      finding("bad-id", `\`${id}\` is no stage id`, {
        fix: "use letters, digits, `_`, `-` and `.`; say the full name in `name`",
        part: stage,
      }),
    );
  }
  const seen = new Map<string, string>();
  for (const [id, stage] of entries) {
    const other = seen.get(id.toLowerCase());
    seen.set(id.toLowerCase(), id);
    if (other === undefined) continue;
    const extras = { part: stage, fix: "give one another id" };
    compiler.report(finding("duplicate-id", `${other} and ${id} are the same id: case is ignored`, extras));
  }
  reportGraph(compiler, inputs);
  return inputs;
}

type Order = {
  readonly ids: readonly string[];
  /** What each stage waits for, as far as that is known. */
  readonly waits: ReadonlyMap<string, readonly string[]>;
};

/** Whether a stage waits for one that is written behind it. In most files none does. */
function looksAhead({ ids, waits }: Order): boolean {
  if (waits.size === 0) return false;
  const place = new Map(ids.map((id, index) => [id, index] as const));
  return ids.some((id, index) => (waits.get(id) ?? []).some((other) => (place.get(other) ?? -1) > index));
}

/**
 * What a stage comes after where others look ahead: all that is written before it, but for what waits for it, which
 * cannot come before it wherever it is written. The last ones stand for those that they wait for themselves.
 */
function behind(index: number, { ids, waits }: Order): readonly string[] {
  const waitsForUs = (id: string): boolean => {
    const open = [id];
    const seen = new Set(open);
    for (const one of open) {
      for (const other of waits.get(one) ?? []) {
        if (other === ids[index]) return true;
        if (!seen.has(other)) open.push(other);
        seen.add(other);
      }
    }
    return false;
  };
  const before = ids.slice(0, index).filter((id) => !waitsForUs(id));
  const waitedFor = new Set(before.flatMap((id) => waits.get(id) ?? []));
  return before.filter((id) => !waitedFor.has(id));
}

function reportGraph(compiler: Compiler, inputs: readonly StageInput[]): void {
  const problems = graphProblems(inputs.map(({ id, needs, after }) => ({ id, needs: [...needs, ...after] })));
  if (problems.length === 0) return;
  const stages = new Map(inputs.map((input) => [input.id, input] as const));
  for (const problem of problems) {
    const id = problem.is === "cycle" ? problem.path[0]! : problem.id;
    const input = stages.get(id);
    const key = input?.stage.needs === undefined ? "after" : "needs";
    const where = { part: input?.stage ?? null, keys: [key] as (string | number)[] };
    if (problem.is === "unknown") {
      const index = [input?.stage[key] ?? []].flat().indexOf(problem.need);
      where.keys.push(...(index < 0 ? [] : [index]));
      const fix = problem.nearest ? `did you mean ${problem.nearest}?` : "name the id of a stage of this playbook";
      compiler.report(finding("unknown-need", `${id} needs \`${problem.need}\`, which is no stage`, { ...where, fix }));
    } else if (problem.is === "self") {
      compiler.report(finding("needs-cycle", `${id} needs itself`, { ...where, fix: "remove it" }));
    } else {
      compiler.report(
        finding("needs-cycle", `the needs form a cycle: ${problem.path.join(" → ")}`, {
          ...where,
          fix: "remove one of these needs",
        }),
      );
    }
  }
}

function checkUniqueSteps(compiler: Compiler): void {
  for (const [id, stage] of Object.entries(compiler.playbook.orchestration.jobs)) {
    if (stage.steps.length < 2) continue;
    const seen = new Set<string>();
    for (const step of stage.steps) {
      if (step.id === undefined) continue;
      if (seen.has(step.id.toLowerCase())) {
        const message = `two steps of ${id} have the id \`${step.id}\``;
        compiler.report(finding("duplicate-id", message, { part: step, keys: ["id"], fix: "give one another id" }));
      }
      seen.add(step.id.toLowerCase());
    }
  }
}
