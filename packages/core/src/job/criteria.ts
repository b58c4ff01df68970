import type { SuccessCriteria } from "@aither/protocol";
import { isNamed, type Nameable } from "../plan/named.ts";
import { legsOf, stagesOf, theScript } from "./look.ts";
import type { JobState, ScriptRecord, StageState } from "./state.ts";

/** What counts as one: a script of the playbook's own stages, or a whole playbook that one of them calls. */
type Unit = {
  readonly name: string;
  readonly end: "succeeded" | "failed" | "left-out" | "not-reached";
  readonly allowed: boolean;
  readonly critical: boolean;
};

export type Judged = { readonly met: boolean; readonly reason: string };

/** What the playbook's own criteria say of its stages as they stand; null when it has none. */
export function judged(state: JobState): Judged | null {
  const criteria = state.plan.successCriteria;
  if (criteria === undefined) return null;
  const units = [...stagesOf(state)].flatMap((stage) => unitsOf(state, { stage, criteria }));
  const failed = units.filter(({ end }) => end === "failed");
  const culprit = units.find(({ critical, end }) => critical && end !== "succeeded" && end !== "left-out");
  if (culprit !== undefined) {
    const verb = culprit.end === "failed" ? "failed" : "did not run";
    return { met: false, reason: `\`${culprit.name}\` ${verb}, and it is critical` };
  }
  const counting = failed.find(({ allowed }) => !allowed);
  if (criteria.requireAll && counting !== undefined) {
    return { met: false, reason: `\`${counting.name}\` failed, and all must succeed` };
  }
  return enough(criteria, units);
}

function enough({ minimumCount, minimumPercent }: SuccessCriteria, units: readonly Unit[]): Judged {
  const wanted = units.filter(({ end }) => end !== "left-out").length;
  const succeeded = units.filter(({ end }) => end === "succeeded").length;
  const seen = `${succeeded} of ${wanted} succeeded`;
  if (minimumCount !== null && succeeded < minimumCount) {
    return { met: false, reason: `${seen}, and ${minimumCount} must` };
  }
  if (minimumPercent !== null && succeeded * 100 < minimumPercent * wanted) {
    return { met: false, reason: `${seen}, and ${minimumPercent} % must` };
  }
  const isWhole = units.every(({ end }) => end === "succeeded" || end === "left-out");
  return { met: true, reason: isWhole ? "" : `${seen}, which is enough by the playbook's success criteria` };
}

function unitsOf(
  state: JobState,
  { stage, criteria }: { stage: StageState; criteria: SuccessCriteria },
): readonly Unit[] {
  const { plan } = stage;
  if (plan.role !== undefined || plan.within !== undefined) return [];
  const of = (thing: Nameable): Pick<Unit, "allowed" | "critical"> => ({
    allowed: isNamed(thing, criteria.allowed),
    critical: isNamed(thing, criteria.critical),
  });
  const whole = of({ id: plan.id, name: plan.name, uses: plan.group?.uses });
  if (plan.group !== undefined) return [{ name: plan.name, end: endOfStage(stage), ...whole }];
  const scripts = [...legsOf(stage)].flatMap((leg) => leg.scripts.map((key) => theScript(state, key)));
  const own = scripts.filter((record) => record.plan.role === undefined);
  // A stage that failed before it had any (its matrix could not be made) is one that failed.
  if (own.length === 0 && stage.status === "Failed") return [{ name: plan.name, end: "failed", ...whole }];
  return own.map((record): Unit => {
    const { allowed, critical } = of(record.plan);
    return {
      name: record.plan.name,
      end: endOf(stage, record),
      allowed: allowed || whole.allowed,
      critical: critical || whole.critical,
    };
  });
}

function endOfStage({ status, skip }: StageState): Unit["end"] {
  if (status === "Completed") return "succeeded";
  if (status === "Skipped") return skip === "condition" || skip === "requested" ? "left-out" : "not-reached";
  return status === "Failed" ? "failed" : "not-reached";
}

function endOf(stage: StageState, { state }: ScriptRecord): Unit["end"] {
  switch (state.is) {
    case "completed":
      return "succeeded";
    case "failed":
      return "failed";
    case "skipped": {
      if (state.kind === "passed-before" || state.kind === "cached") return "succeeded";
      const kind = stage.skip ?? state.kind;
      return kind === "condition" || kind === "requested" ? "left-out" : "not-reached";
    }
    default:
      return "not-reached";
  }
}
