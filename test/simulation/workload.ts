import { scriptsOf, stagesOf, type JobCommand, type JobState } from "@aither/core";
import type { StartRequest } from "@aither/engine";
import type { LegPlan, Plan, ScriptPlan, StagePlan, StopRung } from "@aither/protocol";
import { mayBeDynamic } from "./dynamic.ts";
import type { Prng } from "./prng.ts";

const scriptConditions = [null, null, null, null, "always()", "failure()", "cancelled()", "success()"];
const stageConditions = [null, null, null, null, null, "always()", "failure()", "!cancelled()"];
const ladders: readonly (readonly StopRung[])[] = [
  [
    { signal: "TERM", afterMs: 10_000 },
    { signal: "KILL", afterMs: 0 },
  ],
  [
    { signal: "INT", afterMs: 7_500 },
    { signal: "TERM", afterMs: 2_500 },
    { signal: "KILL", afterMs: 0 },
  ],
  [{ signal: "KILL", afterMs: 0 }],
];

/** A request to start a job of random shape. */
export function drawStart(prng: Prng, requestId: string): StartRequest {
  return {
    requestId,
    name: requestId,
    plan: drawPlan(prng),
    options: { useCache: false, generateSummary: false, priority: prng.int(-2, 2) },
    by: "simulation",
    parent: null,
    passedBefore: [],
  };
}

function drawPlan(prng: Prng): Plan {
  const count = prng.chance(0.7) ? prng.int(1, 4) : prng.int(1, 8);
  const stages: StagePlan[] = [];
  for (let index = 0; index < count; index++) stages.push(drawStage(prng, stages));
  return {
    name: "simulated",
    description: "",
    format: "v3-jobs",
    file: null,
    digest: "0".repeat(64),
    workspace: "/workspace",
    profile: null,
    variables: {},
    maxConcurrency: prng.chance(0.3) ? prng.int(1, 3) : null,
    failFast: prng.chance(0.3),
    timeoutMs: prng.chance(0.1) ? prng.int(5_000, 300_000) : null,
    stages,
    missing: [],
    unknown: [],
    notEnforced: [],
  };
}

function drawStage(prng: Prng, before: readonly StagePlan[]): StagePlan {
  const id = `s${before.length + 1}`;
  const some = (probability: number): string[] =>
    before.filter(() => prng.chance(probability)).map((stage) => stage.id);
  // Half of the plans are graphs, the others are written one after another.
  const graph = prng.chance(0.5);
  const needs = graph ? some(0.4) : [];
  const previous = before.at(-1)?.id;
  const after = graph || previous === undefined ? [] : [previous];
  const matrix = prng.chance(0.3);
  const legs = Array.from({ length: matrix ? prng.int(2, 4) : 1 }, (_, leg) =>
    drawLeg(prng, { stage: id, leg, matrix }),
  );
  const skipped = prng.chance(0.05);
  return mayBeDynamic({
    id,
    name: `Stage ${id}`,
    description: "",
    needs,
    after,
    decision: skipped ? "skip" : "run",
    reason: skipped ? "the playbook says so" : "",
    condition: skipped ? null : prng.pick(stageConditions),
    variables: {},
    continueOnError: prng.chance(0.2),
    failFast: prng.chance(0.5),
    maxParallel: prng.chance(0.4) ? prng.int(1, 3) : null,
    parallel: prng.chance(0.6) ? 1 : prng.int(2, 4),
    timeoutMs: prng.chance(0.1) ? prng.int(3_000, 120_000) : null,
    legs,
    outputs: { cells: "${{ steps.tell.outputs.cells }}" },
  });
}

function drawLeg(prng: Prng, place: { stage: string; leg: number; matrix: boolean }): LegPlan {
  const { stage, leg, matrix } = place;
  const prefix = matrix ? `${stage}[${leg}]` : stage;
  return {
    name: matrix ? `cell=${leg}` : "",
    matrix: matrix ? { cell: leg } : {},
    scripts: Array.from({ length: prng.chance(0.8) ? prng.int(1, 3) : prng.int(0, 5) }, (_, index) =>
      drawScript(prng, `${prefix}/${index + 1}`),
    ),
  };
}

function drawScript(prng: Prng, key: string): ScriptPlan {
  const script: ScriptPlan = {
    key,
    id: key.endsWith("/1") ? "tell" : null,
    number: null,
    name: key,
    path: null,
    kind: "inline",
    run: { argv: ["/bin/sh", "-c"], cwd: "/workspace", env: {}, text: "exit 0", late: false },
    condition: prng.pick(scriptConditions),
    timeoutMs: prng.chance(0.4) ? prng.int(1_000, 40_000) : null,
    retries: prng.chance(0.5) ? 0 : prng.int(1, 3),
    backoff: { initialMs: prng.int(0, 5_000), factor: prng.pick([1, 2]), maxMs: 20_000 },
    continueOnError: prng.chance(0.15),
    idempotent: prng.chance(0.4),
    onInterrupted: prng.pick(["resume", "fail", "fail", "ask"]),
    successExitCodes: prng.chance(0.2) ? [0, 3] : [0],
    stopLadder: [...prng.pick(ladders)],
    separateStderr: false,
  };
  const { initialMs } = script.backoff;
  return {
    ...script,
    ...(initialMs % 7 === 0 && { alone: true }),
    ...(initialMs % 4 === 1 && { noOutputTimeoutMs: 2_000 + initialMs }),
    ...(initialMs % 5 === 2 && { retryExitCodes: [1, 2, 124, 137] }),
  };
}

/** Something somebody might ask of a job, sensible or not. */
export function drawCommand(prng: Prng, state: JobState): JobCommand {
  const by = "somebody";
  const roll = prng.next();
  if (roll < 0.2) return { is: "cancel", by, force: prng.chance(0.3) };
  if (roll < 0.45) return { is: "pause", by, freeze: roll < 0.3 };
  if (roll < 0.75) return { is: "resume", by };
  const target = prng.chance(0.5) ? { stage: prng.pick([...stagesOf(state)]).plan.id } : drawScriptTarget(prng, state);
  return { is: "skip", by, reason: "it is not needed", target };
}

function drawScriptTarget(prng: Prng, state: JobState): { stage: string } | { script: string } {
  const scripts = [...scriptsOf(state)];
  if (scripts.length === 0) return { stage: prng.pick([...stagesOf(state)]).plan.id };
  return { script: prng.pick(scripts).plan.key };
}
