import type { Plan } from "@aither/protocol";

/** Nothing runs alone. */
export function crowded(plan: Plan): Plan {
  const stages = plan.stages.map((stage) => ({
    ...stage,
    legs:
      stage.legs?.map((leg) => ({ ...leg, scripts: leg.scripts.map((script) => ({ ...script, alone: false })) })) ??
      null,
  }));
  return { ...plan, stages };
}

/** No stage waits for another. */
export function unordered(plan: Plan): Plan {
  return { ...plan, stages: plan.stages.map((stage) => ({ ...stage, needs: [], after: [] })) };
}
