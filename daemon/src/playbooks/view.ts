import { expansionNeeds } from "@aither/core";
import {
  API_VERSION,
  type DynamicMatrix,
  type Plan,
  type PlanView,
  type ScriptPlan,
  type StagePlan,
} from "@aither/protocol";

/** The plan as people and tools read it. A matrix that is not known yet has no legs. */
export function viewOfPlan(plan: Plan): PlanView {
  return {
    apiVersion: API_VERSION,
    name: plan.name,
    format: plan.format,
    profile: plan.profile,
    file: plan.file,
    variables: plan.variables,
    stages: plan.stages.filter(({ role }) => role === undefined).map(lineOf),
    around: plan.stages.flatMap((stage) => (stage.role === undefined ? [] : [{ ...lineOf(stage), role: stage.role }])),
    notifications: (plan.notifications ?? []).map(({ on, channel, target, message }) => ({
      on,
      channel,
      to: target,
      message,
    })),
    undoOnFailure: plan.undoOnFailure ?? false,
    ...(plan.secrets !== undefined && { secrets: plan.secrets }),
    missing: plan.missing,
    unknown: plan.unknown,
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
    legs: (stage.legs ?? []).map((leg) => ({ name: leg.name, matrix: leg.matrix, scripts: leg.scripts.map(scriptOf) })),
  };
}

function dynamicOf(stage: StagePlan, { matrix, place, leg }: DynamicMatrix): NonNullable<StageLine["dynamic"]> {
  return {
    matrix: typeof matrix === "string" ? matrix : JSON.stringify(matrix),
    needs: [...expansionNeeds(stage)],
    place,
    scripts: leg.scripts.map(scriptOf),
  };
}

function scriptOf({ number, name, path, kind, role, undo }: ScriptPlan): StageLine["legs"][number]["scripts"][number] {
  return {
    number,
    name,
    path,
    kind,
    ...(role !== undefined && { role }),
    ...(undo !== undefined && { undo: undo.name }),
  };
}
