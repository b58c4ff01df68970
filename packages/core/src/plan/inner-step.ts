import { conjunction } from "@aither/expression";
import type {
  PlanRole,
  PlaybookArtifacts,
  PlaybookCheck,
  PlaybookHooks,
  PlaybookStage,
  PlaybookStep,
} from "@aither/protocol";

/** A step as the compiler takes it: one of the file, or one that hooks and artifacts ask for. */
export type InnerStep = PlaybookStep & {
  /** It runs nothing of the playbook's, but looks whether this holds. */
  readonly check?: PlaybookCheck;
  readonly role?: PlanRole;
  readonly alone?: boolean;
  /** By what conditions of ours speak of a step that has no id. */
  readonly innerId?: string;
  /** It runs nothing of the playbook's, but keeps these files. */
  readonly collect?: { readonly set: PlaybookArtifacts; readonly folder: string };
};

const originals = new WeakMap<object, object>();

/** The part as its file has it, which is what places are known of. */
export function writtenPart(part: object): object {
  return originals.get(part) ?? part;
}

/** What is made of a part stands where that part stands. */
export function madeOf<T extends object>(made: T, part: object): T {
  originals.set(made, writtenPart(part));
  return made;
}

function copyOf(step: PlaybookStep, changes: Partial<InnerStep>): InnerStep {
  const made = { ...step, ...changes };
  originals.set(made, writtenPart(step));
  return made;
}

/** What follows the work runs to its end and fails nothing, unless it says otherwise. */
export function tolerated(condition: string, step: PlaybookStep, more: Partial<InnerStep> = {}): InnerStep {
  return copyOf(step, { ...more, continueOnError: step.continueOnError ?? true, if: joined(condition, step.if) });
}

function joined(condition: string, own: string | undefined): string {
  if (own === undefined || own.trim() === "") return condition;
  return conjunction(condition, own);
}

/** A step that keeps files. */
export function collectStep(set: PlaybookArtifacts, folder: string, more: Partial<InnerStep> = {}): InnerStep {
  const name = set.name ?? folder;
  const made: InnerStep = {
    name: `Keep ${name}`,
    role: "artifacts",
    idempotent: true,
    collect: { set, folder: name },
    ...more,
  };
  originals.set(made, set);
  return made;
}

/**
 * The steps of one leg with what hooks and artifacts put around them. Where steps run side by side those run alone,
 * and the files of steps are kept when all are over.
 */
export function stepsOfLeg(id: string, stage: PlaybookStage, all: PlaybookHooks): readonly InnerStep[] {
  const { hooks: own = {}, steps, artifacts = [] } = stage;
  const plain = steps.every((step) => step.artifacts === undefined) && artifacts.length === 0;
  if (plain && stage.hooks === undefined && !all.beforeStage && !all.afterStage) return steps;
  const hook = { role: "hook", alone: true } as const;
  const at = (condition: string, some: readonly PlaybookStep[] | undefined): InnerStep[] =>
    (some ?? []).map((step) => tolerated(condition, step, hook));
  const before = [...(all.beforeStage ?? []), ...(own.before ?? [])].map((step) => copyOf(step, hook));
  const sideBySide = stage.parallel !== undefined && stage.parallel !== false;
  const kept = steps.map((step, index) => collectsOf(id, step, index));
  return [
    ...before,
    ...steps.flatMap((step, index) => {
      const { innerId, collects } = kept[index]!;
      const inner = collects.length === 0 ? step : copyOf(step, { innerId });
      return sideBySide ? [inner] : [inner, ...collects];
    }),
    ...at("success()", own.onSuccess),
    ...at("failure()", own.onFailure),
    ...at("cancelled()", own.onCancel),
    ...at("always()", own.after),
    ...(sideBySide ? kept.flatMap(({ collects }) => collects) : []),
    ...artifacts.map((set, index) =>
      collectStep(set, numbered(id, index), { if: `${set.when ?? "always"}()`, alone: true }),
    ),
    ...at("always()", all.afterStage),
  ];
}

function collectsOf(stageId: string, step: PlaybookStep, index: number): { innerId: string; collects: InnerStep[] } {
  const innerId = step.id ?? `step ${index + 1}`;
  const folder = `${stageId}-${step.id ?? /^\w+$/.exec(step.run ?? "")?.[0] ?? index + 1}`;
  const collects = (step.artifacts ?? []).map((set, place) => {
    const wanted = set.when === undefined || set.when === "always" ? "!= 'skipped'" : `== '${set.when}'`;
    const condition = `always() && steps['${innerId}'].outcome ${wanted}`;
    return collectStep(set, numbered(folder, place), { if: condition, alone: true });
  });
  return { innerId, collects };
}

function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index + 1}`;
}
