import type { LegPlan, Plan, ScriptPlan, StagePlan } from "@aither/protocol";

/** Plans for tests: say what matters, the rest is plain. A script is its name, or its name and what is special. */
export type ScriptGiven = string | (Partial<ScriptPlan> & { name: string });
export type StageGiven = Omit<Partial<StagePlan>, "legs"> & {
  id: string;
  scripts?: readonly ScriptGiven[];
  /** Legs of a matrix by name, each with the stage's scripts or its own. */
  matrix?: Readonly<Record<string, readonly ScriptGiven[] | null>>;
};

export function planOf(stages: readonly StageGiven[], rest: Partial<Plan> = {}): Plan {
  return {
    name: "test-plan",
    description: "",
    format: "v3-jobs",
    file: null,
    digest: "0".repeat(64),
    workspace: "/workspace",
    profile: null,
    variables: {},
    maxConcurrency: null,
    failFast: false,
    timeoutMs: null,
    stages: stages.map(stageOf),
    missing: [],
    unknown: [],
    notEnforced: [],
    ...rest,
  };
}

export function stageOf(given: StageGiven): StagePlan {
  const { scripts = ["only"], matrix, ...rest } = given;
  const legs: LegPlan[] =
    matrix === undefined
      ? [{ name: "", matrix: {}, scripts: scripts.map((script) => scriptPlan(given.id, script)) }]
      : Object.entries(matrix).map(([name, own], place) => ({
          name,
          matrix: Object.fromEntries(name.split(", ").map((cell) => cell.split("="))),
          scripts: (own ?? scripts).map((script) => scriptPlan(`${given.id}[${place}]`, script)),
        }));
  return {
    name: given.id,
    description: "",
    needs: [],
    after: [],
    decision: "run",
    reason: "",
    condition: null,
    variables: {},
    continueOnError: false,
    failFast: true,
    maxParallel: null,
    parallel: 1,
    timeoutMs: null,
    outputs: {},
    ...rest,
    legs,
  };
}

function scriptPlan(place: string, given: ScriptGiven): ScriptPlan {
  const own = typeof given === "string" ? { name: given } : given;
  return {
    key: `${place}/${own.name}`,
    id: own.name,
    number: null,
    path: null,
    kind: "inline",
    run: { argv: ["sh", "-c"], cwd: "/workspace", env: {}, text: "true", late: false },
    condition: null,
    timeoutMs: null,
    retries: 0,
    backoff: { initialMs: 1_000, factor: 2, maxMs: 60_000 },
    continueOnError: false,
    idempotent: false,
    onInterrupted: "fail",
    successExitCodes: [0, 3010],
    stopLadder: [
      { signal: "TERM", afterMs: 10_000 },
      { signal: "KILL", afterMs: 0 },
    ],
    separateStderr: false,
    ...own,
  };
}
