import { hasTemplate } from "@aither/expression";
import type { Json, NotEnforced, Playbook, ProblemCode, ScriptEntry } from "@aither/protocol";
import type { Inherited } from "./call-settings.ts";
import type { Decided } from "./decide.ts";
import { writtenPart } from "./inner-step.ts";
import { finding, type PlanFinding } from "./finding.ts";
import { type At, type Resolved, resolveValue, type Scope, type Surroundings, textOf } from "./scope.ts";
import type { ScriptIndex } from "./select.ts";
import { oddSetting } from "./settings.ts";

/** What the caller asks beyond the playbook itself. */
export type PlanRequest = {
  readonly variables: Readonly<Record<string, Json>>;
  readonly profile: string | null;
  /** What a condition counts as that nobody can decide; undefined = it forbids the start. */
  readonly assume: boolean | undefined;
  readonly timeoutMs: number | null;
  /** Of a call: what the calling stage declares; it wins over what the playbook declares. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of a call: where a value that it gives, or does not give, is to be mended. Without it that is the command line. */
  readonly mendAt?: MendAt;
};

/** What a finding about the value of a variable says beside what is wrong; null when that was said already. */
export type MendAt = (name: string, what: "wrong" | "missing") => Partial<PlanFinding> | null;

/** A playbook that another one calls, or why there is none. */
export type CalledPlaybook =
  | { readonly is: "found"; readonly playbook: Playbook }
  | { readonly is: "not-found"; readonly message: string; readonly fix: string | null; readonly problem: ProblemCode };

/** By lower-case name, as calls have it. */
export type CalledPlaybooks = ReadonlyMap<string, CalledPlaybook>;

/** One call: who calls, and the part of it that says so. */
export type Caller = { readonly playbook: Playbook; readonly part: object; readonly keys: readonly string[] };

/** What compiling the same again would need, without the workspace. */
export type LookedUp = { readonly scripts: Set<ScriptEntry>; readonly files: Map<string, string> };

/** One compilation: what it was given, and what it gathers. */
export type Compiler = {
  readonly playbook: Playbook;
  readonly scripts: ScriptIndex;
  readonly request: PlanRequest;
  readonly around: Surroundings;
  /** Absolute path of a file of the workspace; null when there is none. */
  readonly resolveFile: (path: string) => string | null;
  /** Absolute path of a folder of the workspace. */
  readonly folder: (path: string | null) => string;
  readonly calls: CalledPlaybooks;
  /** What the stages that called this playbook say for each step. */
  readonly inherited?: Inherited | undefined;
  /** Names of scripts and stages whose failure is tolerated by the stage that called this playbook. */
  readonly tolerated: readonly string[];
  /** The calls that led here, the outermost first: a playbook is never within itself. */
  readonly callers: readonly Caller[];
  /** What holds for steps that say nothing of it: of the playbook itself, then of the stages that call it. */
  readonly defaults: NonNullable<Playbook["orchestration"]["defaults"]>;
  /** The inline shell of the stage that is being compiled. */
  stageShell: string | undefined;
  readonly findings: PlanFinding[];
  readonly missing: Set<string>;
  readonly unknown: Set<string>;
  /** Names of environment variables that are secret. */
  readonly secrets: Set<string>;
  readonly notEnforced: NotEnforced[];
  readonly report: (finding: PlanFinding) => void;
  readonly reportCondition: (decided: Decided, where: Pick<PlanFinding, "part" | "keys">) => void;
  /** What the compilation of a leg looked up, where somebody asks. */
  lookedUp: LookedUp | null;
  /** Keeps the findings of something resolved, and gives its value. */
  readonly take: <T>(resolved: Resolved<T>) => T;
  /** Another compilation of the same, which gathers for itself. */
  readonly beside: (request: PlanRequest) => Compiler;
  /** A setting with its templates filled in; one that is none then is reported. */
  readonly setting: (value: Json | undefined, scope: Scope, at: At) => Json | undefined;
  readonly at: (part: object | null, keys?: readonly (string | number)[]) => At;
  readonly env: (
    declared: Readonly<Record<string, string | number | boolean>>,
    scope: Scope,
    at: At,
  ) => Record<string, string>;
};

type Given = Pick<
  Compiler,
  "playbook" | "scripts" | "request" | "around" | "resolveFile" | "folder" | "calls" | "callers" | "inherited"
> & {
  readonly undefinedIs: At["undefinedIs"];
  readonly tolerated?: readonly string[];
};

export function makeCompiler(given: Given): Compiler {
  const findings: PlanFinding[] = [];
  const take = <T>(resolved: Resolved<T>): T => {
    findings.push(...resolved.findings);
    return resolved.value;
  };
  const setting = (value: Json | undefined, scope: Scope, at: At): Json | undefined => {
    if (typeof value !== "string") return value;
    const filled = take(resolveValue(value, scope, at));
    const odd = oddSetting(String(at.keys.at(-1)), filled);
    // Of a leg that only the run knows, the run will say it.
    const isLate = compiler.lookedUp !== null && typeof filled === "string" && hasTemplate(filled);
    if (odd !== null && !isLate) {
      findings.push(finding("bad-setting", odd, { part: at.part, keys: at.keys, atStart: true }));
    }
    return filled;
  };
  // Written out, so that all compilations have one shape: what is compiled for one is good for the next.
  const compiler: Compiler = {
    playbook: given.playbook,
    scripts: given.scripts,
    request: given.request,
    around: given.around,
    resolveFile: given.resolveFile,
    folder: given.folder,
    calls: given.calls,
    callers: given.callers,
    inherited: given.inherited,
    tolerated: given.tolerated ?? [],
    setting,
    defaults: { ...given.inherited, ...given.playbook.orchestration.defaults },
    stageShell: undefined,
    lookedUp: null,
    findings,
    missing: new Set(),
    unknown: new Set(),
    secrets: new Set(),
    notEnforced: [],
    report: (one) => void findings.push(one),
    reportCondition: ({ hopeless, error, reason }, where) => {
      if (error !== null) findings.push(finding("bad-expression", error, { ...where, fix: nameFix(error) }));
      else if (hopeless) {
        const fix = "say what to assume: --assume true, or --assume false";
        findings.push(finding("undecidable", reason, { ...where, fix, atStart: true }));
      }
    },
    take,
    beside: (request) => makeCompiler({ ...given, request }),
    at: (part, keys = []) => ({ part: part && writtenPart(part), keys, undefinedIs: given.undefinedIs }),
    env: (declared, scope, at) =>
      Object.fromEntries(
        Object.entries(declared).map(([name, value]) => [
          name,
          textOf(take(resolveValue(value, scope, { ...at, keys: [...at.keys, name] }))),
        ]),
      ),
  };
  return compiler;
}

/** A bare word is a context in GitHub's language, and most likely a variable in the mind of who wrote it. */
function nameFix(error: string): string | null {
  const name = /^Unrecognized named-value: '(\w+)'/.exec(error)?.[1];
  return name === undefined ? null : `write {{${name}}} if it is a variable, or '${name}' if it is a text`;
}
