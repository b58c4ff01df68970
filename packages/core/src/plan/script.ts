import { hasTemplate } from "@aither/expression";
import type {
  Json,
  PlanRole,
  PlaybookStage,
  PlaybookStep,
  PlaybookUndo,
  RunSpec,
  ScriptEntry,
  ScriptKind,
  ScriptPlan,
  UndoPlan,
} from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import { toleratedNames } from "./criteria.ts";
import { decide } from "./decide.ts";
import { finding, type PlanFinding } from "./finding.ts";
import { type InnerStep, madeOf } from "./inner-step.ts";
import { kindOf, runOfCheck, runOfCollect, runOfInline, runOfScript, type ScriptEnv, withMoreEnv } from "./run-spec.ts";
import {
  type At,
  overlay,
  resolveValue,
  type Scope,
  textOf,
  type Variables,
  speaksOfEnv,
  withOpenEnv,
  withVariables,
} from "./scope.ts";
import { cacheOf } from "./cache-rule.ts";
import { conditionOf, settings, withOwnEnv } from "./script-settings.ts";
import { headerOf } from "./header.ts";
import { isNamed } from "./named.ts";
import { select } from "./select.ts";
import { reportSelection } from "./selection.ts";
import { addVariables } from "./variable-env.ts";

/** A step on its way to scripts: its stage, its leg, and the scope of both. */
export type StepPlace = {
  readonly stage: PlaybookStage;
  readonly step: InnerStep;
  readonly role?: PlanRole | undefined;
  readonly keys: readonly (string | number)[];
  readonly scope: Scope;
  /** `AITHER_VAR_…` and declared environment of the leg; shared by all its scripts. */
  readonly baseEnv: ScriptEnv;
  /** No other stands before it in its leg. */
  readonly isFirst: boolean;
};

type Target =
  | { readonly is: "script"; readonly entry: ScriptEntry }
  | { readonly is: "file"; readonly path: string }
  | { readonly is: "inline"; readonly text: string; readonly shell: string }
  | { readonly is: "check"; readonly check: NonNullable<InnerStep["check"]> }
  | { readonly is: "collect"; readonly collect: NonNullable<InnerStep["collect"]> }
  /** Nothing here can run it; it is shown, and it forbids the start. */
  | { readonly is: "foreign"; readonly what: string };

/** A script whose key is still empty: it is given when all scripts of the leg are known. */
export type KeylessScript = { readonly keyHint: string; readonly script: ScriptPlan };

/** Compiles one step of one leg: usually one script, several when its selector says so. */
export function compileStep(compiler: Compiler, place: StepPlace): KeylessScript[] {
  const { step } = place;
  const at = compiler.at(step, place.keys);
  const isOpen = !place.isFirst && speaksOfEnv(step);
  const inRun = (scope: Scope): Scope => (isOpen ? withOpenEnv(scope) : scope);
  const own = step.with ? resolvedWith(compiler, step.with, { ...place, scope: inRun(place.scope) }) : {};
  const hasOwn = Object.keys(own).length > 0;
  const scope = hasOwn ? withVariables(place.scope, overlay(place.scope.variables, own)) : place.scope;
  const ownEnv = step.env && resolvedEnv(compiler, step.env, inRun(scope), at);
  // A step without anything of its own shares its leg's environment: there may be thousands.
  const env = hasOwn || ownEnv ? withMoreEnv(place.baseEnv, { ...addVariables({}, own), ...ownEnv }) : place.baseEnv;
  const decided = decide(step.if, inRun(scope), compiler.request.assume);
  reportCondition(compiler, decided, at);
  const common = settings(compiler, place, scope, at);
  const undo = step.undo === undefined ? null : undoOf(compiler, place, step.undo);
  const cache = place.role === undefined && step.role === undefined ? cacheOf(compiler, step, scope, at) : undefined;
  const role = place.role ?? step.role;
  return targetsOf(compiler, step, { scope, inRun: inRun(scope) }, at).map((target, index): KeylessScript => {
    const entry = target.is === "script" ? target.entry : null;
    const script: ScriptPlan = {
      key: "",
      id: step.id ?? step.innerId ?? null,
      number: entry?.number ?? null,
      name: nameOf(compiler, target, step, scope, at),
      path: target.is === "script" ? target.entry.path : target.is === "file" ? target.path : null,
      kind: target.is === "script" || target.is === "file" ? kindOfTarget(target) : "inline",
      run: withOwnEnv(runOf(compiler, target, place, scope, env, at), step),
      ...conditionOf(decided),
      ...(entry !== null && headerOf(compiler, entry, scope)),
      ...common,
    };
    if (mayFail(compiler, place, target)) script.continueOnError = true;
    if (role !== undefined) script.role = role;
    if (step.alone === true) script.alone = true;
    // Of several scripts the first: it is undone last, and when any of them ran.
    if (undo !== null && index === 0) script.undo = undo;
    if (cache !== undefined) script.cache = cache;
    return { keyHint: step.id ?? entry?.number ?? step.name ?? target.is, script };
  });
}

/** Success criteria may tolerate the failure of a script that they name. */
function mayFail(compiler: Compiler, { stage }: StepPlace, target: Target): boolean {
  const names = toleratedNames(compiler, stage);
  if (names.length === 0 || (target.is !== "script" && target.is !== "file")) return false;
  const thing = target.is === "script" ? target.entry : { path: target.path };
  return isNamed(thing, names);
}

/** Whether the caller said it. */
function isGiven({ request }: Compiler, name: string): boolean {
  return Object.keys(request.variables).some((given) => given.toLowerCase() === name.toLowerCase());
}

/** Compiled as a step would be, with the variables and the environment of the step it undoes. */
function undoOf(compiler: Compiler, place: StepPlace, undo: PlaybookUndo): UndoPlan | null {
  const { step: done } = place;
  const { with: own, timeout, ...what } = undo;
  const step: InnerStep = {
    ...what,
    ...(what.shell === undefined && done.shell !== undefined && { shell: done.shell }),
    ...(done.env && { env: done.env }),
    ...(done.workingDirectory !== undefined && { workingDirectory: done.workingDirectory }),
    with: { ...done.with, ...own },
    timeout: timeout ?? 0,
  };
  const [made] = compileStep(compiler, { ...place, step: madeOf(step, done), keys: ["undo"] });
  if (made === undefined) return null;
  const { name, path, kind, run, timeoutMs } = made.script;
  return { name, path, kind, run, timeoutMs };
}

function kindOfTarget(target: Extract<Target, { is: "script" | "file" }>): ScriptKind {
  return kindOf(target.is === "script" ? target.entry.path : target.path);
}

function nameOf(compiler: Compiler, target: Target, step: PlaybookStep, scope: Scope, at: At): string {
  const name = step.name === undefined ? "" : textOf(compiler.take(resolveValue(step.name, scope, at)));
  if (target.is === "script") return target.entry.name;
  if (name !== "") return name;
  if (target.is === "file") return target.path.split(/[\\/]/).at(-1) ?? target.path;
  if (target.is === "collect") return target.collect.folder;
  if (target.is === "check") return target.check.condition;
  return target.is === "foreign" ? target.what : firstLine(target.text);
}

function firstLine(text: string): string {
  const line =
    text
      .split("\n")
      .find((candidate) => candidate.trim() !== "")
      ?.trim() ?? "inline";
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

/** What is found while planning, and what the run fills in. */
type Scopes = { readonly scope: Scope; readonly inRun: Scope };

function targetsOf(compiler: Compiler, step: InnerStep, { scope, inRun }: Scopes, at: At): Target[] {
  const resolve = (key: "script" | "run" | "file"): string => {
    const text = step[key] ?? "";
    if (!hasTemplate(text)) return text;
    const visible = key === "script" ? inRun : scope;
    return textOf(compiler.take(resolveValue(text, visible, { ...at, keys: [...at.keys, key] })));
  };
  if (step.check !== undefined) return [{ is: "check", check: step.check }];
  if (step.collect !== undefined) return [{ is: "collect", collect: step.collect }];
  if (step.script !== undefined) {
    return [{ is: "inline", text: resolve("script"), shell: shellOf(compiler, step) }];
  }
  if (step.run !== undefined) return selected(compiler, resolve("run"), { part: at.part, keys: [...at.keys, "run"] });
  if (step.file !== undefined) return fileTarget(compiler, resolve("file"), at);
  if (step.uses !== undefined) return [foreign(compiler, step.uses, at)];
  compiler.report(
    finding("empty-step", "this step runs nothing", {
      fix: "give it `run` (a script's number), `script` (text) or `file`",
      part: at.part,
      keys: at.keys,
    }),
  );
  return [];
}

function shellOf(compiler: Compiler, step: PlaybookStep): string {
  return step.shell ?? compiler.stageShell ?? compiler.defaults.shell ?? "bash";
}

function selected(compiler: Compiler, selector: string, where: Pick<PlanFinding, "part" | "keys">): Target[] {
  if (isLate(compiler, selector)) {
    // Which one it is, the leg will tell: any may be.
    for (const entry of compiler.scripts.all) compiler.lookedUp?.scripts.add(entry);
    return [{ is: "foreign", what: selector }];
  }
  const found = select(selector, compiler.scripts);
  reportSelection(compiler, found, where);
  const files = found.unknown.map((part) => pathTarget(compiler, part, where));
  const nothing = found.scripts.length === 0 && found.missing.length === 0 && files.length === 0;
  if (nothing) {
    compiler.report(
      finding("empty-selector", `the selector \`${selector}\` matches no script`, {
        problem: "SELECTOR_EMPTY",
        fix: "aither scripts list shows what there is",
        ...where,
        atStart: true,
      }),
    );
  }
  for (const entry of found.scripts) compiler.lookedUp?.scripts.add(entry);
  const scripts = found.scripts.map((entry): Target => ({ is: "script", entry }));
  return files.length === 0 ? scripts : [...scripts, ...files.filter((target) => target !== null)];
}

/** A part that is no selector may be a path to a file without a number. */
function pathTarget(compiler: Compiler, part: string, where: Pick<PlanFinding, "part" | "keys">): Target | null {
  const path = /[./\\]/.test(part) ? fileNamed(compiler, part) : null;
  if (path !== null) return { is: "file", path };
  if (/[/\\].*\.\w+$/.test(part)) return noSuchFile(compiler, part, where);
  compiler.unknown.add(part);
  compiler.report(
    finding("bad-selector", `\`${part}\` is neither a selector nor a file`, {
      problem: "SELECTOR_INVALID",
      fix: "selectors look like 0402, 0400-0499, 04*, tag:unit, stage:Testing, !0410; a command stands in `script`",
      ...where,
      item: part,
      atStart: true,
    }),
  );
  return null;
}

function fileTarget(compiler: Compiler, file: string, at: At): Target[] {
  const where = { part: at.part, keys: [...at.keys, "file"] };
  if (isLate(compiler, file)) {
    compiler.report(
      finding("late-file", `which file \`${file}\` is depends on a matrix that only the run knows`, {
        fix: "name the file here; a script of yours can choose by AITHER_VAR_…",
        ...where,
        atStart: true,
      }),
    );
    return [{ is: "foreign", what: file }];
  }
  const path = fileNamed(compiler, file);
  return [path === null ? noSuchFile(compiler, file, where) : { is: "file", path }];
}

function fileNamed(compiler: Compiler, file: string): string | null {
  // Upstream's authors sit at Windows.
  const path = compiler.resolveFile(file) ?? compiler.resolveFile(file.replaceAll("\\", "/"));
  if (path !== null) compiler.lookedUp?.files.set(file, path);
  return path;
}

/** In a leg whose matrix only the run knows, a template may be left. */
function isLate(compiler: Compiler, text: string): boolean {
  return compiler.lookedUp !== null && hasTemplate(text);
}

function noSuchFile(compiler: Compiler, file: string, where: Pick<PlanFinding, "part" | "keys">): Target {
  compiler.report(
    finding("no-such-file", `there is no file ${file}`, {
      problem: "SCRIPT_NOT_FOUND",
      fix: "paths are relative to the workspace",
      ...where,
      item: file,
      atStart: true,
    }),
  );
  return { is: "foreign", what: file };
}

function foreign(compiler: Compiler, uses: string, at: At): Target {
  const isCall = /^playbook:/i.test(uses);
  compiler.report(
    finding("cannot-use", `\`uses: ${uses}\` cannot be run here`, {
      fix: isCall
        ? "a step that calls a playbook is the only one of its stage: give it a stage of its own"
        : "use `run`, `script` or `file`; actions run with aither workflow run",
      part: at.part,
      keys: [...at.keys, "uses"],
      atStart: true,
    }),
  );
  return { is: "foreign", what: uses };
}

function runOf(compiler: Compiler, target: Target, place: StepPlace, scope: Scope, env: ScriptEnv, at: At): RunSpec {
  const folder = place.step.workingDirectory ?? place.stage.workingDirectory;
  const cwd = compiler.folder(folder === undefined ? null : textOf(compiler.take(resolveValue(folder, scope, at))));
  switch (target.is) {
    case "inline": {
      const run = runOfInline(target.shell, target.text, cwd, env);
      if (run) return run;
      compiler.report(
        finding("unknown-shell", `no shell is called \`${target.shell}\``, {
          fix: "use bash, sh, pwsh, python or node",
          part: at.part,
          keys: [...at.keys, "shell"],
        }),
      );
      return { argv: [target.shell], cwd, env: env.values, text: target.text, late: false };
    }
    case "collect": {
      const paths = compiler.take(resolveValue(target.collect.set.paths, scope, at)) as Json[];
      return runOfCollect(target.collect, paths.map(textOf), compiler.folder(null), env);
    }
    case "check":
      return runOfCheck(target.check, scope.variables, compiler.folder(null), env);
    case "foreign":
      return { argv: [], cwd, env: env.values, text: null, late: false };
    case "file":
      return runOfScript({ path: target.path, parameters: [] }, scope, cwd, env).run;
    case "script": {
      const made = runOfScript(target.entry, scope, cwd, env);
      for (const { name, value, values } of made.wrong) {
        compiler.report(
          finding("wrong-parameter", `${target.entry.name} takes no \`${value}\` as ${name}`, {
            // Old files hand their scripts what these refuse; whoever starts one now can still choose.
            severity: at.undefinedIs === "error" || isGiven(compiler, name) ? "error" : "warning",
            problem: "REQUEST_INVALID",
            fix: `it takes ${values.join(", ")}`,
            part: at.part,
            keys: at.keys,
            atStart: true,
          }),
        );
      }
      for (const name of made.missing) {
        if (scope.late === null || scope.late?.has(name.toLowerCase())) continue;
        compiler.report(
          finding("missing-parameter", `${target.entry.name} demands the parameter ${name}, and nothing gives it`, {
            problem: "VARIABLE_MISSING",
            fix: `give it with --var ${name}=VALUE, or in \`with\``,
            part: at.part,
            keys: at.keys,
            atStart: true,
          }),
        );
      }
      return made.run;
    }
  }
}

function reportCondition(compiler: Compiler, decided: ReturnType<typeof decide>, at: At): void {
  if (decided.error === null && !decided.hopeless) return;
  compiler.reportCondition(decided, { part: at.part, keys: [...at.keys, "if"] });
}

function resolvedWith(compiler: Compiler, own: Variables, place: StepPlace): Record<string, Json> {
  const at = compiler.at(place.step, [...place.keys, "with"]);
  return compiler.take(resolveValue(own, place.scope, at)) as Record<string, Json>;
}

function resolvedEnv(
  compiler: Compiler,
  env: Readonly<Record<string, string | number | boolean>>,
  scope: Scope,
  at: At,
): Record<string, string> {
  return compiler.env(env, scope, { ...at, keys: [...at.keys, "env"] });
}
