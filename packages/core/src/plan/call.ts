import { conjunction } from "@aither/expression";
import type { Json, LegPlan, Playbook, PlaybookStage, PlaybookStep, StagePlan } from "@aither/protocol";
import { inheritedFrom, notHeldBy, type Inherited } from "./call-settings.ts";
import { mendedInCall, mendInCall } from "./call-values.ts";
import { type CalledPlaybook, type Caller, type Compiler, makeCompiler } from "./compiler.ts";
import { criteriaOf, ownStages } from "./criteria.ts";
import { finding, type PlanFinding } from "./finding.ts";
import { isNamed } from "./named.ts";
import { slipsOf } from "./inputs.ts";
import { madeOf } from "./inner-step.ts";
import type { MatrixLeg } from "./matrix.ts";
import { type At, layersOf, makeScope, resolveValue, type Scope, type Variables } from "./scope.ts";
import { count, flag, seconds } from "./settings.ts";
import { compileStage, legsOf, type Shared, type StageInput } from "./stage.ts";
import type { Whole, WrittenStage } from "./whole.ts";

/** GitHub's limit for workflows that call workflows. */
const DEPTH_MAX = 10;

/** `uses: playbook:NAME` of a stage, or of its only step. */
type Call = {
  readonly name: string;
  readonly with: Variables;
  readonly env: PlaybookStage["env"];
  readonly part: PlaybookStage | PlaybookStep;
};

/** What a stage calls; null when it runs steps of its own. */
export function callOf(stage: PlaybookStage): Call | null {
  const own = nameIn(stage.uses);
  if (own !== null) return { name: own, with: stage.with ?? {}, env: stage.env, part: stage };
  const [step] = stage.steps;
  const name = stage.steps.length === 1 ? nameIn(step?.uses) : null;
  if (step === undefined || name === null) return null;
  return { name, with: { ...stage.variables, ...step.with }, env: { ...stage.env, ...step.env }, part: step };
}

function nameIn(uses: string | undefined): string | null {
  if (uses === undefined) return null;
  const [, name = ""] = /^playbook:\s*(.*)$/i.exec(uses) ?? [];
  return name.trim() === "" ? null : name.trim();
}

/** The names of all playbooks that a playbook calls itself. */
export function calledNames({ orchestration }: Playbook): string[] {
  const names: string[] = [];
  for (const stage of Object.values(orchestration.jobs)) {
    const call = callOf(stage);
    if (call !== null) names.push(call.name);
  }
  return names;
}

type Place = { readonly shared: Shared; readonly input: StageInput };
type Compiled = { readonly stages: readonly StagePlan[]; readonly written: ReadonlyMap<string, WrittenStage> };
type CompileWhole = (compiler: Compiler) => Whole;

/**
 * A stage that calls a playbook becomes a group, and the stages of that playbook its parts, in this very job:
 * `outer`, `outer/inner`. With a matrix there is a group for each cell in it: `outer[0]`, `outer[0]/inner`.
 */
export function compileCall(compiler: Compiler, { shared, input }: Place, compileWhole: CompileWhole): Compiled {
  const { stage } = input;
  const call = callOf(stage)!;
  const bare = bareStage(stage, call);
  const plan = compileStage(compiler, shared, { ...input, stage: bare });
  reportOwn(compiler, input, call);
  const uses = `playbook:${call.name}`;
  const group: StagePlan = { ...plan, legs: [], group: { uses, matrix: {} } };
  const called = find(compiler, call);
  if (called === null) return { stages: [group], written: new Map() };
  const scope = makeScope(
    { ...shared.scope.variables, ...plan.variables },
    shared.scope.env,
    shared.scope.matrix,
    compiler.around,
  );
  const place = { shared, input, scope, call, called, plan: group, compileWhole };
  if (stage.matrix === undefined) return inline(compiler, place, { id: input.id, leg: null });
  const legs = legsOf(compiler, { shared, input: { ...input, stage: { ...stage, steps: [] } }, scope });
  if (legs.is === "dynamic") {
    const message = "a stage that calls a playbook cannot have a matrix that only the run knows";
    const fix = "write the vectors out, or give a stage of the called playbook that matrix";
    compiler.report(finding("dynamic-call", message, { part: stage, keys: ["matrix"], fix, atStart: true }));
    return { stages: [group], written: new Map() };
  }
  const parts = legs.legs.map((leg, index) => inline(compiler, place, { id: `${input.id}[${index}]`, leg }));
  const cells = parts.flatMap(({ stages: [cell] }) => cell ?? []);
  return {
    stages: [
      { ...group, outputs: {}, ...criteriaOf(compiler, stage.successCriteria, cells) },
      ...parts.flatMap(({ stages }) => stages),
    ],
    written: new Map(parts.flatMap(({ written }) => [...written])),
  };
}

/** What a stage that calls says of steps of its own: it has none. */
function reportOwn(compiler: Compiler, { id, stage }: StageInput, { part }: Call): void {
  const step = part === stage ? null : (part as PlaybookStep);
  compiler.notEnforced.push(...notHeldBy(id, { stage, step }));
  if (step !== null || stage.steps.length === 0) return;
  const message = "a stage that calls a playbook runs no steps of its own";
  const fix = "give its steps a stage of their own";
  compiler.report(finding("steps-of-call", message, { part: stage, keys: ["steps"], fix }));
}

/** The stage without what its parts do. */
function bareStage(stage: PlaybookStage, call: Call): PlaybookStage {
  const { matrix: _matrix, hooks: _hooks, artifacts: _artifacts, uses: _uses, with: _with, ...others } = stage;
  const { successCriteria: _criteria, ...rest } = others;
  const step = call.part === stage ? {} : (call.part as PlaybookStep);
  const [first, second] = [stage.if, step.if].filter((text) => text !== undefined && text.trim() !== "");
  const condition = first !== undefined && second !== undefined ? conjunction(first, second) : first;
  return madeOf(
    {
      ...rest,
      ...(condition !== undefined && { if: condition }),
      ...(step.continueOnError !== undefined && { continueOnError: step.continueOnError }),
      ...(step.timeout !== undefined && { timeout: step.timeout }),
      steps: [],
    },
    stage,
  );
}

/** The called playbook; null when there is none that could be, which is then reported. */
function find(compiler: Compiler, call: Call): Playbook | null {
  const { part } = call;
  const where = { part, keys: ["uses"], atStart: true };
  const found: CalledPlaybook | undefined = compiler.calls.get(call.name.toLowerCase());
  if (found === undefined || found.is === "not-found") {
    const {
      message = `there is no playbook \`${call.name}\``,
      fix = null,
      problem = "PLAYBOOK_NOT_FOUND" as const,
    } = found ?? {};
    compiler.report(finding("no-such-playbook", message, { ...where, fix, problem }));
    return null;
  }
  const { playbook } = found;
  const chain: readonly Caller[] = [...compiler.callers, { playbook: compiler.playbook, part, keys: ["uses"] }];
  const first = chain.findIndex((caller) => caller.playbook === playbook);
  if (first >= 0) {
    const names = [...chain.slice(first).map((caller) => caller.playbook.metadata.name), playbook.metadata.name];
    reportChain(compiler, chain.slice(first), `playbooks call each other in a circle: ${names.join(" → ")}`);
    return null;
  }
  if (chain.length > DEPTH_MAX) {
    reportChain(compiler, chain, `playbooks call each other more than ${DEPTH_MAX} deep`);
    return null;
  }
  return playbook;
}

/** One finding for each call of a chain, so that each is told with its place; the last one first. */
function reportChain(compiler: Compiler, chain: readonly Caller[], message: string): void {
  for (const { playbook, part, keys } of [...chain].reverse()) {
    compiler.report(finding("call-cycle", message, { part, keys, owner: playbook, fix: "remove one of these calls" }));
  }
}

type Inlined = Place & {
  readonly scope: Scope;
  readonly call: Call;
  readonly called: Playbook;
  readonly plan: StagePlan;
  readonly compileWhole: CompileWhole;
};

/** The called playbook's stages as parts of a group: of the calling stage's own, or of one for a cell of its matrix. */
function inline(compiler: Compiler, place: Inlined, { id, leg }: { id: string; leg: MatrixLeg | null }): Compiled {
  const { call, called, plan } = place;
  // With a matrix they speak of its cells; without one of what is called, whose own they replace.
  const own = leg === null ? place.input.stage.successCriteria : undefined;
  const at = compiler.at(call.part, ["with"]);
  const scope =
    leg === null ? place.scope : makeScope(place.scope.variables, place.scope.env, leg.matrix, compiler.around);
  const resolved = resolveValue(call.with, scope, at);
  const given = compiler.take(resolved) as Record<string, Json>;
  const env = compiler.env(call.env ?? {}, scope, { ...at, keys: ["env"] });
  const slips = slipsOf(called, layersOf(called, undefined, {}).all, given);
  compiler.notEnforced.push(...slips.map((slip) => ({ ...slip, where: `${id}: with ${slip.what}` })));
  const inner = makeCompiler({
    playbook: called,
    scripts: compiler.scripts,
    request: {
      variables: { ...sharedVariables(compiler, { called, scope }), ...callersWords(given) },
      env: callersWords(env) as Record<string, string>,
      profile: null,
      assume: compiler.request.assume,
      timeoutMs: null,
      mendAt: mendInCall(compiler, { stage: place.input.stage, part: call.part, said: resolved.findings }),
    },
    around: compiler.around,
    resolveFile: compiler.resolveFile,
    folder: compiler.folder,
    calls: compiler.calls,
    callers: [...compiler.callers, { playbook: compiler.playbook, part: call.part, keys: ["uses"] }],
    inherited: { ...compiler.inherited, ...inheritedOf(compiler, place, scope) },
    tolerated: own?.allowedFailures ?? [],
    undefinedIs: called.orchestration.undefinedVariables ?? "error",
  });
  const whole = place.compileWhole(inner);
  const criteria = criteriaOf(
    own === undefined ? inner : compiler,
    own ?? called.orchestration.successCriteria,
    ownStages(whole.stages),
  );
  const isWhole = resolved.findings.length === 0;
  gather(compiler, inner, { called, isSkipped: plan.decision === "skip", isJudged: own !== undefined, isWhole });
  const group = { ...groupOf(inner, { place, id, leg, scope: whole.scope }), ...criteria };
  const parts = whole.stages.map((part) => partOf(part, { group: group.id, name: group.name, of: plan }));
  const written = [...whole.written].map(([part, where]) => [`${group.id}/${part}`, where] as const);
  return { stages: [group, ...parts], written: new Map(written) };
}

/** What the calling stage says for each of its steps holds for each step of what it calls, unless that says otherwise. */
function inheritedOf(compiler: Compiler, { input: { stage }, call }: Inlined, scope: Scope): Inherited {
  const parts = call.part === stage ? [stage] : [call.part, stage];
  return inheritedFrom(parts, (value, key) => compiler.take(resolveValue(value, scope, compiler.at(call.part, [key]))));
}

/** In older formats (which read what nobody defined as empty) the caller's variables are there in what it calls, too. */
function sharedVariables(
  { playbook }: Compiler,
  { called, scope }: { called: Playbook; scope: Scope },
): Record<string, Json> {
  if (playbook.orchestration.undefinedVariables !== "empty") return {};
  const own = layersOf(called, undefined, {}).all;
  const fits = (name: string, value: Json): boolean => {
    const preset = Object.entries(own).find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
    // A flag or a number of the called playbook is not replaced by a text that happens to have its name.
    return value !== null && (preset === undefined || typeof preset === "string" || typeof preset === typeof value);
  };
  return callersWords(Object.fromEntries(Object.entries(scope.variables).filter(([name, value]) => fits(name, value))));
}

/** What a call hands in may speak of what its stage needs: in the called playbook that is `caller.needs`. */
function callersWords(given: Record<string, Json>): Record<string, Json> {
  const words = (value: Json): Json => {
    if (typeof value === "string") return value.replaceAll(/\$\{\{.*?\}\}/gs, (template) => callers(template));
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return (value as readonly Json[]).map(words);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, words(item)]));
  };
  return words(given) as Record<string, Json>;
}

/** Texts in quotes stay as they are. */
function callers(template: string): string {
  const parts = template.split(/('(?:[^']|'')*')/);
  return parts
    .map((part, index) =>
      index % 2 === 1 ? part : part.replaceAll(/(?<![\w.-])(needs|caller)\b(?=\s*[.[])/gi, "caller.$1"),
    )
    .join("");
}

type Gathered = {
  readonly called: Playbook;
  readonly isSkipped: boolean;
  readonly isJudged: boolean;
  /** All values that the call gives are there. */
  readonly isWhole: boolean;
};

/** What the inner compilation found, in the outer one's gatherings. */
function gather(compiler: Compiler, inner: Compiler, { called, isSkipped, isJudged, isWhole }: Gathered): void {
  const mine = (one: PlanFinding): PlanFinding => ({
    ...one,
    owner: one.owner ?? called,
    // What concerns a stage that is skipped forbids no start.
    ...(one.atStart && isSkipped && { severity: "warning" as const }),
  });
  compiler.findings.push(...inner.findings.flatMap((one) => mendedInCall(compiler, one, isWhole) ?? []).map(mine));
  for (const one of inner.missing) compiler.missing.add(one);
  for (const one of inner.unknown) compiler.unknown.add(one);
  for (const one of inner.secrets) compiler.secrets.add(one);
  const name = called.metadata.name;
  compiler.notEnforced.push(...inner.notEnforced.map((one) => ({ ...one, where: `${name}: ${one.where}` })));
  const { notifications = [], undoOnFailure, concurrency, ...rest } = called.orchestration;
  const { successCriteria, preConditions, summary, reports } = rest;
  const reason = `${name} is called by another playbook, whose own counts`;
  const told = notifications.length > 0;
  const others = {
    notifications: told,
    undoOnFailure,
    concurrency,
    // They are those of the group, unless the calling stage has some.
    successCriteria: isJudged ? successCriteria : undefined,
    preConditions,
    summary,
    reports,
  };
  for (const [what, isSaid] of Object.entries(others)) {
    if (isSaid) compiler.notEnforced.push({ what, where: `${name}: orchestration.${what}`, reason });
  }
}

type GroupInput = {
  readonly place: Inlined;
  readonly id: string;
  readonly leg: MatrixLeg | null;
  readonly scope: Scope;
};

/** The stage that stands for the called playbook, with that playbook's limits. */
function groupOf(inner: Compiler, { place, id, leg, scope }: GroupInput): StagePlan {
  const { plan, called } = place;
  const { orchestration } = called;
  const at = (key: string): At => inner.at(orchestration, [key]);
  const setting = (value: Json | undefined, key: string): Json | undefined => inner.setting(value, scope, at(key));
  const outputs = Object.entries(orchestration.outputs ?? {}).map(([name, template]) => {
    const filled = resolveValue(template, scope, at("outputs")).value;
    return [name, typeof filled === "string" ? filled : JSON.stringify(filled)] as const;
  });
  const limits = {
    failFast: flag(setting(orchestration.failFast, "failFast")) ?? false,
    maxParallel: count(setting(orchestration.maxConcurrency, "maxConcurrency")) || null,
    timeoutMs: least(plan.timeoutMs, seconds(setting(orchestration.timeout, "timeout"))),
    outputs: { ...Object.fromEntries(outputs), ...plan.outputs },
  };
  if (leg === null) return { ...plan, ...limits };
  const name = `${plan.name}${leg.suffix}`;
  return {
    ...plan,
    ...limits,
    id,
    name,
    needs: [],
    after: [],
    condition: null,
    continueOnError: isNamed({ id, name }, place.input.stage.successCriteria?.allowedFailures ?? []),
    variables: place.scope.variables,
    within: plan.id,
    group: { uses: plan.group!.uses, matrix: leg.matrix },
  };
}

/** Both limits hold, so the nearer one is the one that counts; null is none. */
function least(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

/** A stage of the called playbook, as a part: every id in it begins with that of its group. */
function partOf(part: StagePlan, { group, name, of }: { group: string; name: string; of: StagePlan }): StagePlan {
  const prefixed = (id: string): string => `${group}/${id}`;
  const legs = (some: readonly LegPlan[]): LegPlan[] =>
    some.map((leg) => ({ ...leg, scripts: leg.scripts.map((script) => ({ ...script, key: prefixed(script.key) })) }));
  const isSkipped = of.decision === "skip";
  return {
    ...part,
    id: prefixed(part.id),
    name: `${name} / ${part.name}`,
    needs: part.needs.map(prefixed),
    after: part.after.map(prefixed),
    ...(isSkipped && { decision: "skip" as const, reason: `\`${of.name}\` is skipped` }),
    legs: part.legs === null ? null : legs(part.legs),
    ...(part.dynamic !== undefined && {
      dynamic: { ...part.dynamic, needs: part.dynamic.needs.map(prefixed), leg: legs([part.dynamic.leg])[0]! },
    }),
    within: part.within === undefined ? group : prefixed(part.within),
  };
}
