import { expansionNeeds } from "@aither/core";
import {
  API_VERSION,
  type DynamicMatrix,
  type Plan,
  type PlanView,
  type ScriptPlan,
  type StageGroup,
  type StagePlan,
} from "@aither/protocol";

/** The plan as people and tools read it. A matrix that is not known yet has no legs. */
export function viewOfPlan(plan: Plan, obstacles: readonly string[]): PlanView {
  const own = plan.stages.filter(({ within }) => within === undefined);
  return {
    apiVersion: API_VERSION,
    name: plan.name,
    format: plan.format,
    profile: plan.profile,
    file: plan.file,
    variables: plan.variables,
    stages: own.filter(({ role }) => role === undefined).map(lineOf),
    called: plan.stages.flatMap((stage) => {
      const { within, role } = stage;
      return within === undefined ? [] : [{ ...lineOf(stage), within, ...(role !== undefined && { role }) }];
    }),
    around: own.flatMap((stage) => (stage.role === undefined ? [] : [{ ...lineOf(stage), role: stage.role }])),
    notifications: (plan.notifications ?? []).map(({ on, channel, target, message }) => ({
      on,
      channel,
      to: target,
      message,
    })),
    ...(plan.successCriteria !== undefined && { successCriteria: plan.successCriteria }),
    undoOnFailure: plan.undoOnFailure ?? false,
    ...(plan.secrets !== undefined && { secrets: plan.secrets }),
    missing: plan.missing,
    unknown: plan.unknown,
    obstacles: [...obstacles],
    notEnforced: plan.notEnforced,
  };
}

type StageLine = PlanView["stages"][number];

function lineOf(stage: StagePlan): StageLine {
  return {
    id: stage.id,
    name: stage.name,
    needs: stage.needs,
    after: stage.after,
    decision: stage.decision,
    reason: stage.reason,
    condition: stage.condition,
    ...(stage.dynamic !== undefined && { dynamic: dynamicOf(stage, stage.dynamic) }),
    ...(stage.successCriteria !== undefined && { successCriteria: stage.successCriteria }),
    ...(stage.group !== undefined && { uses: stage.group.uses }),
    legs:
      stage.group !== undefined
        ? [legOf(stage.id, stage.group)]
        : (stage.legs ?? []).map((leg) => ({ name: leg.name, matrix: leg.matrix, scripts: leg.scripts.map(scriptOf) })),
  };
}

/** A stage that calls a playbook runs that, as far as its own line goes. */
function legOf(id: string, { uses, matrix }: StageGroup): StageLine["legs"][number] {
  return { name: "", matrix, scripts: [{ key: id, number: null, name: uses, path: null, kind: "inline" }] };
}

function dynamicOf(stage: StagePlan, { matrix, place, leg }: DynamicMatrix): NonNullable<StageLine["dynamic"]> {
  return {
    matrix: typeof matrix === "string" ? matrix : JSON.stringify(matrix),
    needs: [...expansionNeeds(stage)],
    place,
    scripts: leg.scripts.map(scriptOf),
  };
}

function scriptOf({
  key,
  number,
  name,
  path,
  kind,
  role,
  undo,
}: ScriptPlan): StageLine["legs"][number]["scripts"][number] {
  return {
    key,
    number,
    name,
    path,
    kind,
    ...(role !== undefined && { role }),
    ...(undo !== undefined && { undo: undo.name }),
  };
}
