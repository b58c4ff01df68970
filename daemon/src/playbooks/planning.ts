import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { compile, finding, type PlanFinding, type ScriptIndex, type WrittenStage } from "@aither/core";
import type { Outcome } from "@aither/engine";
import { type Finding, pointAt, type ReadPlaybook } from "@aither/playbook";
import {
  type Body,
  type Diagnostic,
  type NotEnforced,
  type Plan,
  type StagePlan,
  problem,
  type Problem,
  type ProblemCode,
} from "@aither/protocol";
import type { Calls } from "./calls.ts";
import type { LoadedPlaybook } from "./catalogue.ts";
import { findInterpreters } from "./interpreters.ts";
import { unmetPreConditions } from "./pre-conditions.ts";
import { unmetRequirements } from "./requirements.ts";
import type { Preview } from "./face.ts";
import { lineOf, problemOf, relativeTo, shortened } from "./say.ts";
import { givenSlips, readWarnings } from "./warnings.ts";

type Request = Body<"startJob">;

export type PlanningInput = {
  readonly loaded: LoadedPlaybook;
  readonly calls: Calls;
  readonly scripts: ScriptIndex;
  readonly request: Request;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  /** `start`: whatever forbids a start is a problem. `look`: the plan is shown as far as it goes. */
  readonly purpose: "start" | "look";
};

/** Warnings are looked for where a start asks: who looks has `validate`. */
export type PlannedPlaybook = Preview & { readonly warnings: readonly Diagnostic[] };

/** Compiles a playbook that was read; what is wrong comes back as one problem with all its diagnostics. */
export async function planLoaded(input: PlanningInput): Promise<Outcome<PlannedPlaybook>> {
  const { loaded, calls, workspace, purpose, env } = input;
  const { read } = loaded;
  if (!read.ok) {
    const diagnostics = shortened(await pointAt(read.findings, read.source), workspace);
    return refused(problemOf("PLAYBOOK_INVALID", diagnostics));
  }
  const { plan, findings, written } = compileLoaded(input, read);
  const reads = [read, ...calls.reads];
  const errors = findings.filter(({ severity, atStart }) => severity === "error" && (purpose === "start" || !atStart));
  if (errors.length > 0) {
    const diagnostics = shortened(await placed(errors, reads), workspace);
    return refused(
      problemOf(
        errors[0]!.problem,
        diagnostics.map((one) => placelessIf(one, input)),
      ),
    );
  }
  const whole: Plan = {
    ...plan,
    stages: await withPlaces(plan.stages, { reads, workspace, written }),
    notEnforced: [...reads.flatMap(notEnforcedOf), ...plan.notEnforced],
  };
  const { plan: ready, missing } = await findInterpreters(whole, env);
  const unmet = (
    await Promise.all(
      reads.map(({ playbook }) => unmetRequirements(playbook, { env, workspace, scripts: input.scripts })),
    )
  ).flat();
  const conditions = unmetPreConditions(read.playbook, { plan: ready, env, assume: input.request.assume });
  const requirements = unmet.length > 0;
  unmet.push(...conditions);
  if (purpose === "look") {
    const forbidden = findings.filter(
      ({ severity, atStart, code }) => severity === "error" && atStart && !isListed(code),
    );
    const lines = shortened(await placed(forbidden, reads), workspace).map((one) => lineOf(placelessIf(one, input)));
    const needs = missing.length > 0 ? [interpreterProblem(missing).detail] : [];
    return { ok: true, value: { ...ready, obstacles: [...lines, ...unmet, ...needs], warnings: [] } };
  }
  if (unmet.length > 0) {
    const at = loaded.path === null ? "" : `${relativeTo(workspace, loaded.path)}: `;
    const where = [requirements && "`requirements`", conditions.length > 0 && "`preConditions`"].filter(Boolean);
    const hint = `see ${where.join(" and ")} in the playbook`;
    return refused(problem("REQUIREMENT_UNMET", `${at}${unmet.join("; ")}`, { hint }));
  }
  if (missing.length > 0) return refused(interpreterProblem(missing));
  const odd = findings.filter(({ severity }) => severity === "warning");
  const found = [...givenSlips(plan.notEnforced), ...(await readWarnings(reads)), ...(await placed(odd, reads))];
  const warnings = shortened(found, workspace).map((one) => placelessIf(one, input));
  return { ok: true, value: { ...ready, obstacles: [], warnings } };
}

/** What a plan lists itself, as `missing` and `unknown`. */
function isListed(code: string): boolean {
  return code === "no-such-script" || code === "bad-selector";
}

/** A selector from the command line stands in no file. */
function placelessIf(one: Diagnostic, { request }: PlanningInput): Diagnostic {
  return request.selector === undefined ? one : placeless(one);
}

/** The compilation and its findings, for those who want to judge themselves. */
export function compileLoaded(
  { loaded, calls, scripts, request, workspace, env }: Omit<PlanningInput, "purpose">,
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
    calls: calls.called,
    folder: (path) => (path === null ? workspace : resolve(workspace, path)),
  });
}

type Read = Extract<ReadPlaybook, { ok: true }>;

/** What one of the playbooks that take part declares and nothing enforces; of called ones with their names. */
export function notEnforcedOf({ playbook, notEnforced }: Read, index: number): NotEnforced[] {
  const name = playbook.metadata.name;
  return notEnforced.map((one) => (index === 0 ? one : { ...one, where: `${name}: ${one.where}` }));
}

/** Findings of the compiler as diagnostics with places. `reads` are all that take part, the one that is started first. */
export async function placed(findings: readonly PlanFinding[], reads: readonly Read[]): Promise<Diagnostic[]> {
  const found = new Map<PlanFinding, Diagnostic>();
  for (const read of reads) {
    const isIn = ({ owner }: PlanFinding): boolean => (owner ?? reads[0]!.playbook) === read.playbook;
    const own = findings.filter(isIn);
    const diagnostics = await pointAt(
      own.map((one) => locatedIn(one, read)),
      read.source,
    );
    // Something that concerns no part of the file (a profile the caller named) has no place in it.
    own.forEach((one, index) =>
      found.set(one, one.part === null ? unplaced(diagnostics[index]!) : diagnostics[index]!),
    );
  }
  return findings.flatMap((one) => found.get(one) ?? []);
}

function locatedIn({ severity, code, message, fix, part, keys, item }: PlanFinding, read: Read): Finding {
  return { severity, code, message, fix, path: [...(part === null ? [] : read.pathOf(part, item)), ...keys] };
}

function unplaced(one: Diagnostic): Diagnostic {
  return { ...one, line: null, col: null, endLine: null, endCol: null };
}

/** Where the matrices stand that the run will make legs of: what is wrong with them then is said with its place. */
async function withPlaces(stages: readonly StagePlan[], given: WrittenIn): Promise<StagePlan[]> {
  const { reads, written, workspace } = given;
  if (stages.every(({ dynamic }) => dynamic === undefined)) return [...stages];
  return Promise.all(
    stages.map(async (stage) => {
      const part = written.get(stage.id);
      if (stage.dynamic === undefined || part === undefined) return stage;
      const at = finding("dynamic-matrix", "", { part: part.stage, keys: ["matrix"], owner: part.playbook });
      const [where] = shortened(await placed([at], reads), workspace);
      const place = where === undefined || where.line === null ? "" : `${where.file}:${where.line}:${where.col}`;
      return { ...stage, dynamic: { ...stage.dynamic, place } };
    }),
  );
}

type WrittenIn = {
  readonly reads: readonly Read[];
  readonly written: ReadonlyMap<string, WrittenStage>;
  readonly workspace: string;
};

/** A selector that somebody typed is in no file, though we wrap it into a playbook. */
function placeless(diagnostic: Diagnostic): Diagnostic {
  return { ...unplaced(diagnostic), file: null };
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
