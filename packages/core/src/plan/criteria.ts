import type { PlaybookCriteria, PlaybookStage, StagePlan, SuccessCriteria } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { finding } from "./finding.ts";
import { isNamed } from "./named.ts";

/** What a playbook, or a stage, calls a success, as the plan has it; `own` are the stages that it speaks of. */
export function criteriaOf(
  compiler: Compiler,
  declared: PlaybookCriteria | undefined,
  own: readonly StagePlan[],
): { readonly successCriteria?: SuccessCriteria } {
  if (declared === undefined) return {};
  const {
    requireAllSuccess,
    minimumSuccessCount,
    minimumSuccessPercent,
    critical = [],
    allowedFailures = [],
  } = declared;
  const hasMinimum = minimumSuccessCount !== undefined || minimumSuccessPercent !== undefined;
  for (const [key, names] of Object.entries({ critical, allowedFailures })) {
    for (const name of names.filter((one) => !isAnywhere(own, one))) {
      const message = `\`${name}\` is no script or stage that would run`;
      const fix = "name one by its number, its name, its file or its id";
      compiler.report(finding("unknown-name", message, { severity: "warning", part: declared, keys: [key], fix }));
    }
  }
  const most = mostOf(own);
  if (most !== null && (minimumSuccessCount ?? 0) > most) {
    const message = `only ${most} can succeed, and the success criteria want ${minimumSuccessCount}`;
    compiler.report(
      finding("unmeetable", message, { severity: "warning", part: declared, keys: ["minimumSuccessCount"] }),
    );
  }
  return {
    successCriteria: {
      // Who names no minimum and nothing critical means all.
      requireAll: requireAllSuccess ?? (!hasMinimum && critical.length === 0),
      minimumCount: minimumSuccessCount ?? null,
      minimumPercent: minimumSuccessPercent ?? null,
      critical: [...critical],
      allowed: [...allowedFailures],
    },
  };
}

function isAnywhere(stages: readonly StagePlan[], name: string): boolean {
  return stages.some(
    (stage) =>
      isNamed({ id: stage.id, name: stage.name, uses: stage.group?.uses }, [name]) ||
      (stage.legs ?? (stage.dynamic ? [stage.dynamic.leg] : [])).some(({ scripts }) =>
        scripts.some((script) => isNamed(script, [name])),
      ),
  );
}

const none: readonly string[] = [];

/** The scripts (and stages, without a stage) whose failure criteria tolerate: those around what is compiled, too. */
export function toleratedNames({ playbook, tolerated }: Compiler, stage?: PlaybookStage): readonly string[] {
  const whole = playbook.orchestration.successCriteria?.allowedFailures ?? none;
  const own = stage?.successCriteria?.allowedFailures ?? none;
  // Thousands of scripts ask, and most playbooks name nobody.
  return whole.length + own.length + tolerated.length === 0 ? none : [...tolerated, ...whole, ...own];
}

/** The stages that criteria of the playbook speak of: its own, and a playbook that one calls is one. */
export function ownStages(stages: readonly StagePlan[]): readonly StagePlan[] {
  return stages.filter(({ role, within }) => role === undefined && within === undefined);
}

/** How many can succeed at most; null when only the run knows. */
function mostOf(stages: readonly StagePlan[]): number | null {
  let count = 0;
  for (const { legs, group, decision } of stages) {
    if (decision === "skip") continue;
    if (group !== undefined) count += 1;
    else if (legs === null) return null;
    else count += legs.flatMap(({ scripts }) => scripts.filter(({ role }) => role === undefined)).length;
  }
  return count;
}
