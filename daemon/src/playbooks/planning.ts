import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { compile, finding, type PlanFinding, type ScriptIndex } from "@aither/core";
import type { Outcome } from "@aither/engine";
import { type Finding, pointAt, type ReadPlaybook } from "@aither/playbook";
import {
  type Body,
  type Diagnostic,
  type Plan,
  type StagePlan,
  problem,
  type Problem,
  type ProblemCode,
} from "@aither/protocol";
import type { LoadedPlaybook } from "./catalogue.ts";
import { findInterpreters } from "./interpreters.ts";
import { unmetRequirements } from "./requirements.ts";
import { problemOf, relativeTo, shortened } from "./say.ts";

type Request = Body<"startJob">;

export type PlanningInput = {
  readonly loaded: LoadedPlaybook;
  readonly scripts: ScriptIndex;
  readonly request: Request;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  /** `start`: whatever forbids a start is a problem. `look`: the plan is shown as far as it goes. */
  readonly purpose: "start" | "look";
};

/** Compiles a playbook that was read; what is wrong comes back as one problem with all its diagnostics. */
export async function planLoaded(input: PlanningInput): Promise<Outcome<Plan>> {
  const { loaded, workspace, purpose, env } = input;
  const { read } = loaded;
  if (!read.ok) {
    const diagnostics = shortened(await pointAt(read.findings, read.source), workspace);
    return refused(problemOf("PLAYBOOK_INVALID", diagnostics));
  }
  const { plan, findings } = compileLoaded(input, read);
  const errors = findings.filter(({ severity, atStart }) => severity === "error" && (purpose === "start" || !atStart));
  if (errors.length > 0) {
    const diagnostics = shortened(await placed(errors, read), workspace);
    const typed = input.request.selector !== undefined;
    return refused(problemOf(errors[0]!.problem, typed ? diagnostics.map(placeless) : diagnostics));
  }
  const whole: Plan = {
    ...plan,
    stages: await withPlaces(plan.stages, { read, workspace }),
    notEnforced: [...read.notEnforced, ...plan.notEnforced],
  };
  const { plan: ready, missing } = await findInterpreters(whole, env);
  if (purpose === "look") return { ok: true, value: ready };
  const unmet = await unmetRequirements(read.playbook, env);
  if (unmet.length > 0) {
    const at = loaded.path === null ? "" : `${relativeTo(workspace, loaded.path)}: `;
    return refused(problem("REQUIREMENT_UNMET", `${at}${unmet.join("; ")}`));
  }
  return missing.length > 0 ? refused(interpreterProblem(missing)) : { ok: true, value: ready };
}

/** The compilation and its findings, for those who want to judge themselves. */
export function compileLoaded(
  { loaded, scripts, request, workspace, env }: Omit<PlanningInput, "purpose">,
  read: Extract<ReadPlaybook, { ok: true }>,
): ReturnType<typeof compile> {
  return compile({
    playbook: read.playbook,
    format: request.selector === undefined ? read.format : "selector",
    file: loaded.path,
    digest: loaded.digest,
    workspace,
    scripts,
    request: {
      variables: request.variables ?? {},
      profile: request.profile ?? null,
      assume: request.assume,
      timeoutMs: request.timeoutMs ?? null,
    },
    around: { env, platform: process.platform },
    resolveFile: (path) => {
      const absolute = isAbsolute(path) ? path : resolve(workspace, path);
      return existsSync(absolute) ? absolute : null;
    },
    folder: (path) => (path === null ? workspace : resolve(workspace, path)),
  });
}

/** Findings of the compiler as diagnostics with places. */
export async function placed(
  findings: readonly PlanFinding[],
  read: Extract<ReadPlaybook, { ok: true }>,
): Promise<Diagnostic[]> {
  const located = findings.map((one): Finding => ({
    severity: one.severity,
    code: one.code,
    message: one.message,
    fix: one.fix,
    path: [...(one.part === null ? [] : read.pathOf(one.part)), ...one.keys],
  }));
  const diagnostics = await pointAt(located, read.source);
  // Something that concerns no part of the file (a profile the caller named) has no place in it.
  return diagnostics.map((one, index) =>
    findings[index]!.part === null ? { ...one, line: null, col: null, endLine: null, endCol: null } : one,
  );
}

/** Where the matrices stand that the run will make legs of: what is wrong with them then is said with its place. */
async function withPlaces(
  stages: readonly StagePlan[],
  { read, workspace }: { read: Extract<ReadPlaybook, { ok: true }>; workspace: string },
): Promise<StagePlan[]> {
  const { jobs } = read.playbook.orchestration;
  return Promise.all(
    stages.map(async (stage) => {
      const part = jobs[stage.id];
      if (stage.dynamic === undefined || part === undefined) return stage;
      const at = finding("dynamic-matrix", "", { part, keys: ["matrix"] });
      const [where] = shortened(await placed([at], read), workspace);
      const place = where === undefined || where.line === null ? "" : `${where.file}:${where.line}:${where.col}`;
      return { ...stage, dynamic: { ...stage.dynamic, place } };
    }),
  );
}

/** A selector that somebody typed is in no file, though we wrap it into a playbook. */
function placeless(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, file: null, line: null, col: null, endLine: null, endCol: null };
}

function interpreterProblem(missing: Awaited<ReturnType<typeof findInterpreters>>["missing"]): Problem {
  const [first] = missing;
  const names = missing.map(({ interpreter }) => interpreter).join(", ");
  const code: ProblemCode = "INTERPRETER_MISSING";
  return problem(code, `${names} is missing: ${first!.script} needs ${first!.interpreter}`, { hint: first!.mend });
}

function refused(why: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem: why };
}

/** The daemon's own environment, for questions that bring none. */
export function plainEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
