import type { SuccessCriteria } from "@aither/protocol";
import { isNamed, type Nameable } from "../plan/named.ts";
import { legsOf, partsOf, stagesOf, theScript, theStage } from "./look.ts";
import type { JobState, LegState, ScriptRecord, StageState } from "./state.ts";

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
  const own = [...stagesOf(state)].filter(({ plan }) => plan.within === undefined);
  return judge(state, { criteria, own, whose: "playbook" });
}

/**
 * What a stage's own criteria say of what it ran: the scripts of its legs or, where it calls a playbook, of the stages of
 * that. Null when it has none, and when something went wrong that they do not speak of: a hook, a time limit, a cancel.
 */
export function stageJudged(state: JobState, stage: StageState): Judged | null {
  const criteria = stage.plan.successCriteria;
  if (criteria === undefined || state.cancel !== null) return null;
  const parts = partsOf(state, stage);
  const isCalling = stage.plan.group !== undefined;
  const isElse = isCalling
    ? parts.some((part) => part.skip === "timeout" || (part.plan.role !== undefined && isFailed(part)))
    : [...legsOf(stage)].some((leg) => isFailedBesides(state, stage, leg));
  return isElse ? null : judge(state, { criteria, own: isCalling ? parts : [stage], whose: "stage" });
}

function isFailed({ status, tolerated }: StageState): boolean {
  return status === "Failed" && !tolerated;
}

function isFailedBesides(state: JobState, { plan: own }: StageState, { counts, status, scripts }: LegState): boolean {
  if (counts.overdue > 0 || status === "Skipped") return true;
  return (
    counts.failed > 0 &&
    scripts.some((key) => {
      const { plan, state: script } = theScript(state, key);
      if (script.is !== "failed") return false;
      const { failure } = script;
      // The stage's own limit stopped it, rather than one of the script's.
      const isOverdue =
        failure.kind === "timeout" &&
        failure.silent !== true &&
        own.timeoutMs !== null &&
        failure.afterMs === own.timeoutMs;
      return (isOverdue && plan.timeoutMs !== own.timeoutMs) || (plan.role !== undefined && !script.tolerated);
    })
  );
}

type Case = {
  readonly criteria: SuccessCriteria;
  readonly own: readonly StageState[];
  readonly whose: "playbook" | "stage";
};

function judge(state: JobState, { criteria, own, whose }: Case): Judged {
  const units = own.flatMap((stage) => unitsOf(state, { stage, criteria }));
  const all =
    whose === "stage" ? units : [...units, ...own.flatMap((stage) => failedAsWhole(state, { stage, criteria }))];
  const failed = all.filter(({ end }) => end === "failed");
  const culprit = all.find(({ critical, end }) => critical && end !== "succeeded" && end !== "left-out");
  if (culprit !== undefined) {
    const verb = culprit.end === "failed" ? "failed" : "did not run";
    return { met: false, reason: `\`${culprit.name}\` ${verb}, and it is critical` };
  }
  const counting = failed.find(({ allowed }) => !allowed);
  if (criteria.requireAll && counting !== undefined) {
    return { met: false, reason: `\`${counting.name}\` failed, and all must succeed` };
  }
  return enough(criteria, { units, whose });
}

function enough(
  { minimumCount, minimumPercent }: SuccessCriteria,
  { units, whose }: { units: readonly Unit[]; whose: Case["whose"] },
): Judged {
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
  return { met: true, reason: isWhole ? "" : `${seen}, which is enough by the ${whose}'s success criteria` };
}

function unitsOf(
  state: JobState,
  { stage, criteria }: { stage: StageState; criteria: SuccessCriteria },
): readonly Unit[] {
  const { plan } = stage;
  if (plan.role !== undefined) return [];
  const whole = meaningOf(stageNames(state, stage), criteria);
  if (plan.group !== undefined) return [{ name: plan.name, end: endOfStage(stage), ...whole }];
  const scripts = [...legsOf(stage)].flatMap((leg) => leg.scripts.map((key) => theScript(state, key)));
  const own = scripts.filter((record) => record.plan.role === undefined);
  // A stage that failed before it had any (its matrix could not be made) is one that failed.
  if (own.length === 0 && stage.status === "Failed") return [{ name: plan.name, end: "failed", ...whole }];
  return own.map((record): Unit => {
    const { allowed, critical } = meaningOf([record.plan], criteria);
    return {
      name: record.plan.name,
      end: endOf(stage, record),
      allowed: allowed || whole.allowed,
      critical: critical || whole.critical,
    };
  });
}

/** A stage that failed by criteria of its own, although no script of it did: it counts as one, and for no number. */
function failedAsWhole(state: JobState, { stage, criteria }: { stage: StageState; criteria: SuccessCriteria }): Unit[] {
  const { plan, status } = stage;
  if (plan.successCriteria === undefined || plan.group !== undefined || status !== "Failed") return [];
  const scripts = [...legsOf(stage)].flatMap((leg) => leg.scripts.map((key) => theScript(state, key)));
  if (scripts.length === 0 || scripts.some((record) => record.state.is === "failed")) return [];
  return [{ name: plan.name, end: "failed", ...meaningOf(stageNames(state, stage), criteria) }];
}

function meaningOf(
  things: readonly Nameable[],
  { allowed, critical }: SuccessCriteria,
): Pick<Unit, "allowed" | "critical"> {
  return {
    allowed: things.some((thing) => isNamed(thing, allowed)),
    critical: things.some((thing) => isNamed(thing, critical)),
  };
}

/** A part of a called playbook has the names that it has there, too. */
function stageNames(state: JobState, { plan }: StageState): readonly Nameable[] {
  const { id, name, group, within } = plan;
  const whole = { id, name, uses: group?.uses };
  if (within === undefined) return [whole];
  const outer = theStage(state, within).plan;
  const front = `${outer.name} / `;
  return [whole, { id: id.slice(outer.id.length + 1), name: name.startsWith(front) ? name.slice(front.length) : name }];
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
