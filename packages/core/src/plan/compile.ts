import type { Json, Plan, Playbook, PlaybookFormat } from "@aither/protocol";
import { type CalledPlaybooks, makeCompiler, type PlanRequest } from "./compiler.ts";
import { criteriaOf, ownStages } from "./criteria.ts";
import type { PlanFinding } from "./finding.ts";
import { contradictions } from "./header.ts";
import { notificationPlans } from "./notifications.ts";
import { reportPlans } from "./reports.ts";
import { type Surroundings, textOf } from "./scope.ts";
import type { ScriptIndex } from "./select.ts";
import { byPath } from "./stage.ts";
import { count, flag, seconds } from "./settings.ts";
import { compileWhole, type WrittenStage } from "./whole.ts";

export type CompileInput = {
  readonly playbook: Playbook;
  readonly format: PlaybookFormat;
  /** Absolute path; null for text that is in no file. */
  readonly file: string | null;
  /** sha256 of the text, hex. */
  readonly digest: string;
  readonly workspace: string;
  readonly scripts: ScriptIndex;
  readonly request: PlanRequest;
  readonly around: Surroundings;
  readonly resolveFile: (path: string) => string | null;
  readonly folder: (path: string | null) => string;
  /** The playbooks that this one calls, and those that they call. */
  readonly calls?: CalledPlaybooks;
};

export type Compiled = {
  readonly plan: Plan;
  readonly findings: readonly PlanFinding[];
  /** Where the stages of the plan were written, by id. */
  readonly written: ReadonlyMap<string, WrittenStage>;
};

/** Resolves a playbook for one run. The plan is whole even where findings say that it must not be started. */
export function compile(input: CompileInput): Compiled {
  const { playbook, request } = input;
  const { orchestration } = playbook;
  const compiler = makeCompiler({
    ...input,
    calls: input.calls ?? new Map(),
    callers: [],
    undefinedIs: orchestration.undefinedVariables ?? "error",
  });
  const { scope, profile, stages, written } = compileWhole(compiler);
  const notifications = notificationPlans(compiler, scope);
  const setting = (value: Json | undefined, key: string): Json | undefined =>
    compiler.setting(value, scope, compiler.at(orchestration, [key]));
  const plan: Plan = {
    name: playbook.metadata.name,
    description: playbook.metadata.description ?? "",
    format: input.format,
    file: input.file,
    digest: input.digest,
    workspace: input.workspace,
    profile: profile?.name ?? null,
    variables: { ...scope.variables },
    maxConcurrency:
      count(setting(profile?.profile.maxConcurrency ?? orchestration.maxConcurrency, "maxConcurrency")) || null,
    failFast: flag(setting(orchestration.failFast, "failFast")) ?? false,
    timeoutMs: request.timeoutMs ?? seconds(setting(orchestration.timeout, "timeout")),
    ...concurrencyOf(orchestration.concurrency, setting),
    ...(notifications.length > 0 && { notifications }),
    ...(compiler.secrets.size > 0 && { secrets: [...compiler.secrets] }),
    ...criteriaOf(compiler, orchestration.successCriteria, ownStages(stages)),
    ...(orchestration.undoOnFailure === true && { undoOnFailure: true }),
    ...reportPlans(compiler, scope),
    stages: [...stages],
    missing: [...compiler.missing],
    unknown: [...compiler.unknown],
    notEnforced: [...compiler.notEnforced, ...contradictions(stages, byPath(compiler))],
  };
  return { plan, findings: startable(plan, compiler.findings, playbook), written };
}

function concurrencyOf(
  declared: Playbook["orchestration"]["concurrency"],
  setting: (value: Json | undefined, key: string) => Json | undefined,
): Pick<Plan, "concurrency"> {
  const group = textOf(setting(declared?.group, "concurrency") ?? "").trim();
  return group === "" ? {} : { concurrency: { group, cancelInProgress: declared?.cancelInProgress ?? false } };
}

/** Each leg of a matrix finds the same; it is said once. */
function once(findings: readonly PlanFinding[]): readonly PlanFinding[] {
  const said = new Map<object | null, Set<string>>();
  return findings.filter(({ code, message, part, keys }) => {
    const known = said.get(part) ?? new Set();
    const size = known.size;
    said.set(part, known.add(JSON.stringify([code, message, keys])));
    return known.size > size;
  });
}

/** What concerns a stage that is skipped forbids no start. */
function startable(plan: Plan, findings: readonly PlanFinding[], playbook: Playbook): PlanFinding[] {
  const skipped = new Set<object>();
  for (const { id } of plan.stages.filter(({ decision }) => decision === "skip")) {
    const stage = playbook.orchestration.jobs[id];
    if (!stage) continue;
    skipped.add(stage);
    for (const step of stage.steps) skipped.add(step);
  }
  return once(findings).map((one) =>
    one.atStart && one.part !== null && skipped.has(one.part) ? { ...one, severity: "warning" } : one,
  );
}
