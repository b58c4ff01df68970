import { hasTemplate } from "@aither/expression";
import type {
  PlanRole,
  PlaybookAction,
  PlaybookArtifacts,
  PlaybookHooks,
  PlaybookStage,
  PlaybookWhen,
  StagePlan,
} from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { postConditions } from "./checks.ts";
import { decide } from "./decide.ts";
import { collectStep, type InnerStep, tolerated, writtenPart } from "./inner-step.ts";
import type { StageInput } from "./stage.ts";
import type { Scope } from "./scope.ts";

type Around = { readonly before: readonly StageInput[]; readonly own: readonly StageInput[] } & {
  readonly after: readonly StageInput[];
};

/**
 * The stages that hooks, post actions and artifacts ask for, before and behind the playbook's own. Everything around the
 * work is made of stages and scripts, so that logs, retries, cancels and deaths of the daemon mean for them what they
 * mean for the rest. The roots among the playbook's own wait for what comes before.
 */
export function stagesAround(compiler: Compiler, own: readonly StageInput[], scope: Scope): Around {
  const { hooks = {}, postActions = [], artifacts = [] } = compiler.playbook.orchestration;
  const ids = new Set(own.map(({ id }) => id.toLowerCase()));
  const after: StageInput[] = [];
  const follow = (role: PlanRole, stage: PlaybookStage, name = stage.name): void => {
    const waitsFor = [...own, ...after].map((input) => input.id);
    after.push({ id: unique(ids, name), stage, needs: [], after: waitsFor, role });
  };
  const before = hooks.before ? [stageOf(ids, "hook", { name: "Before", steps: hooks.before })] : [];
  const checks = postConditions(compiler, scope);
  if (checks !== null) follow("check", checks);
  const groups = neighbours(postActions);
  for (const { when, items } of groups) {
    const steps = items.map((step) => tolerated("!cancelled()", step));
    const stage = { name: postActionsName(items, groups.length), if: conditionOf(when), steps };
    const whole = when === "cancelled" || when === "always" ? alwaysRun(stage, items) : stage;
    follow("post-action", whole, POST_ACTIONS);
  }
  for (const { when, items } of neighbours(artifacts)) follow("artifacts", keeping(when ?? "always", items));
  for (const { key, name, when } of moments) {
    const steps = hooks[key];
    if (steps) follow("hook", { name, if: conditionOf(when), steps: steps.map((step) => tolerated("always()", step)) });
  }
  const first = before.map(({ id }) => id);
  const waiting = own.map((input) =>
    first.length > 0 && input.needs.length + input.after.length === 0 ? { ...input, after: first } : input,
  );
  return { before, own: waiting, after };
}

const moments = [
  { key: "onSuccess", name: "On success", when: "success" },
  { key: "onFailure", name: "On failure", when: "failure" },
  { key: "onCancel", name: "On cancel", when: "cancelled" },
  { key: "after", name: "After", when: "always" },
] as const satisfies readonly { key: keyof PlaybookHooks; name: string; when: PlaybookWhen }[];

const POST_ACTIONS = "Post actions";

/** Where there are several such stages, each says which actions it has. A name with a template is not known yet. */
function postActionsName(items: readonly PlaybookAction[], stages: number): string {
  const named = items.flatMap(({ name }) => (name === undefined || hasTemplate(name) ? [] : [name]));
  return stages < 2 || named.length === 0 ? POST_ACTIONS : `${POST_ACTIONS}: ${named.join(", ")}`;
}

/** Without a word: after success and failure, not after a cancel. */
function conditionOf(when: PlaybookWhen | undefined): string {
  return when === undefined ? "!cancelled()" : `${when}()`;
}

/** Scripts of a stage that runs after a cancel must not be told that there was one. */
function alwaysRun(stage: PlaybookStage, items: readonly InnerStep[]): PlaybookStage {
  return { ...stage, steps: items.map((step) => tolerated("always()", step)) };
}

function keeping(when: PlaybookWhen, sets: readonly PlaybookArtifacts[]): PlaybookStage {
  const steps = sets.map((set, index) =>
    collectStep(set, index === 0 ? "job" : `job-${index + 1}`, { if: "always()" }),
  );
  return { name: "Artifacts", if: conditionOf(when), steps };
}

function stageOf(ids: Set<string>, role: PlanRole, stage: PlaybookStage): StageInput {
  return { id: unique(ids, stage.name), stage, needs: [], after: [], role };
}

function unique(taken: Set<string>, name = ""): string {
  const base = name.toLowerCase().replaceAll(" ", "-");
  let id = base;
  for (let count = 2; taken.has(id); count += 1) id = `${base}-${count}`;
  taken.add(id);
  return id;
}

/** Neighbours of one moment share a stage; the written order holds. */
function neighbours<Item extends { readonly when?: PlaybookWhen }>(items: readonly Item[]) {
  const runs: { readonly when: PlaybookWhen | undefined; readonly items: Item[] }[] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last !== undefined && last.when === item.when) last.items.push(item);
    else runs.push({ when: item.when, items: [item] });
  }
  return runs;
}

/**
 * Compiles a stage that comes around the others. What is wrong with steps whose failure is tolerated forbids no start:
 * it is listed as not enforced. A condition of theirs that nobody can decide counts as false, and that is listed, too.
 */
export function compileAround(
  compiler: Compiler,
  { input, scope }: { input: StageInput; scope: Scope },
  compileStage: (compiler: Compiler) => StagePlan,
): StagePlan {
  if (!input.stage.steps.every(({ continueOnError }) => continueOnError === true)) return compileStage(compiler);
  const where = input.stage.name ?? input.id;
  for (const [index, step] of input.stage.steps.entries()) {
    if (!decide(step.if, scope, compiler.request.assume).hopeless) continue;
    const reason = "its condition cannot be decided, so it is skipped; --assume true runs it";
    compiler.notEnforced.push({ what: step.name ?? `step ${index + 1}`, where, reason });
  }
  const inner = compiler.beside({ ...compiler.request, assume: compiler.request.assume ?? false });
  const plan = compileStage(inner);
  for (const one of inner.findings) {
    const part = one.part as InnerStep | null;
    const what = (part && "name" in writtenPart(part) ? part.name : undefined) ?? where;
    if (one.atStart) compiler.notEnforced.push({ what, where, reason: one.message });
    else compiler.findings.push(one);
  }
  compiler.notEnforced.push(...inner.notEnforced);
  return plan;
}
