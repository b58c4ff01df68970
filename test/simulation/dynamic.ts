import type { DynamicMatrix, Json, PlaybookStep, ScriptPlan, StagePlan } from "@aither/protocol";

/**
 * Some matrices come from what an earlier stage told. Which ones follows from their shape, not from chance: worlds
 * without any are what they were.
 */
export function mayBeDynamic(stage: StagePlan): StagePlan {
  const [need] = [...stage.needs, ...stage.after];
  const [leg] = stage.legs ?? [];
  if (need === undefined || leg === undefined || leg.name === "" || stage.legs!.length % 2 === 1) return stage;
  const dynamic: DynamicMatrix = {
    matrix: { cell: `\${{ fromJSON(needs.${need}.outputs.cells) }}` },
    place: "",
    needs: [need],
    overrides: {},
    stage: JSON.parse(JSON.stringify({ matrix: {}, steps: leg.scripts.map(stepOf) })) as Record<string, Json>,
    defaults: {},
    variables: {},
    env: {},
    platform: "linux",
    undefinedIs: "error",
    scripts: [],
    files: {},
    programs: {},
    leg,
  };
  return { ...stage, legs: null, dynamic };
}

function stepOf(script: ScriptPlan, index: number): PlaybookStep & { alone?: boolean } {
  const { condition, timeoutMs, backoff, retries, continueOnError, idempotent, onInterrupted, successExitCodes } =
    script;
  return {
    id: index === 0 ? "tell" : `step-${index + 1}`,
    script: "exit 0",
    shell: "sh",
    ...(condition !== null && { if: condition }),
    ...(timeoutMs !== null && { timeout: timeoutMs / 1_000 }),
    ...(script.alone === true && { alone: true }),
    backoff: { initial: backoff.initialMs / 1_000, factor: backoff.factor, max: backoff.maxMs / 1_000 },
    retries,
    continueOnError,
    idempotent,
    onInterrupted,
    successExitCodes,
    ...(script.retryExitCodes !== undefined && { retryExitCodes: script.retryExitCodes }),
    ...(script.noOutputTimeoutMs !== undefined && { noOutputTimeout: script.noOutputTimeoutMs / 1_000 }),
  };
}

/** What a script tells that ended at some time: none to three cells, or now and then nothing that can be read. */
export function cellsToldAt(endedAtMs: number): string {
  const count = Math.floor(endedAtMs) % 9;
  return count === 8 ? "[1," : JSON.stringify(Array.from({ length: count % 4 }, (_, index) => index));
}
