import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { CHECKER, COLLECTOR, runOfEntry } from "@aither/core";
import type { LegPlan, NotEnforced, Plan, RunSpec, ScriptPlan, StagePlan } from "@aither/protocol";
import { findTerminalHolder } from "@aither/supervise";
import { isFileNow, readHead } from "./files.ts";

/** An interpreter that a script needs and that nobody found. */
export type MissingInterpreter = {
  readonly script: string;
  readonly interpreter: string;
  readonly mend: string;
};

/** The plan with every `argv[0]` made absolute, and what could not be found. Skipped stages need no interpreter. */
export async function findInterpreters(
  plan: Plan,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly plan: Plan; readonly missing: readonly MissingInterpreter[] }> {
  const finder = createFinder(env, plan.workspace);
  const missing = new Map<string, MissingInterpreter>();
  const notEnforced: NotEnforced[] = [];
  const settled = (script: ScriptPlan, needed: boolean, found: Run): ScriptPlan => {
    if (found.ok) return { ...script, run: found.run };
    if (needed && script.role !== undefined && script.continueOnError) {
      const reason = `${found.interpreter} is missing, so it will fail, which fails nothing (${found.mend})`;
      notEnforced.push({ what: script.name, where: script.key, reason });
    } else if (needed && !missing.has(found.interpreter)) {
      missing.set(found.interpreter, { script: script.name, ...found });
    }
    return script;
  };
  // Most are known at once: a promise for each of thousands would take longer than the rest.
  const settle: Settle = (script, { decision }) => {
    if (script.run.argv.length === 0) return script;
    const needed = decision !== "skip" && script.condition !== "false";
    const found = script.pty === undefined ? runWith(finder, script) : runInTerminal(finder, script);
    return found instanceof Promise
      ? found.then((one) => settled(script, needed, one))
      : settled(script, needed, found);
  };
  const stages: StagePlan[] = [];
  for (const stage of plan.stages) {
    const programs = stage.dynamic === undefined ? {} : await programsOf(stage, { finder, settle });
    const legs: LegPlan[] = [];
    for (const leg of stage.legs ?? []) {
      const scripts: ScriptPlan[] = [];
      for (const script of leg.scripts) {
        const made = settle(script, stage);
        scripts.push(made instanceof Promise ? await made : made);
      }
      legs.push({ ...leg, scripts });
    }
    stages.push({
      ...stage,
      ...(stage.dynamic !== undefined && { dynamic: { ...stage.dynamic, programs } }),
      legs: stage.legs === null ? null : legs,
    });
  }
  return {
    plan: { ...plan, stages, notEnforced: [...plan.notEnforced, ...notEnforced] },
    missing: [...missing.values()],
  };
}

type Settle = (script: ScriptPlan, stage: StagePlan) => ScriptPlan | Promise<ScriptPlan>;

/** Said to whoever lacks it. */
export const TERMINAL_MEND = "install `script` of util-linux, or Python 3";

async function runInTerminal(finder: Finder, script: ScriptPlan): Promise<Run> {
  if ((await findTerminalHolder()) !== undefined) return runWith(finder, script);
  return { ok: false, interpreter: "a program that holds a terminal", mend: TERMINAL_MEND };
}

type Programs = NonNullable<StagePlan["dynamic"]>["programs"];

/**
 * The programs that the legs of a dynamic matrix may need. What one leg on trial runs must be there; of scripts that
 * only the run chooses, whatever is there is noted.
 */
async function programsOf(stage: StagePlan, { finder, settle }: { finder: Finder; settle: Settle }): Promise<Programs> {
  const { dynamic } = stage;
  const programs: Programs = {};
  const note = (run: RunSpec, found: RunSpec): void => {
    const [name = "", ...args] = run.argv;
    const isBare = found.argv.length < run.argv.length;
    const front = found.argv.slice(0, isBare ? 1 : found.argv.length - args.length);
    programs[name] = { front, ...((isBare || programs[name]?.bare) && { bare: true }) };
  };
  for (const script of dynamic?.leg.scripts ?? []) {
    const settled = await settle(script, stage);
    if (script.run.argv.length > 0) note(script.run, settled.run);
  }
  const like = dynamic?.leg.scripts[0];
  for (const entry of like === undefined ? [] : (dynamic?.scripts ?? [])) {
    const run = runOfEntry(entry);
    if (Object.hasOwn(programs, run.argv[0] ?? "")) continue;
    const found = await runWith(finder, { ...like!, run });
    if (found.ok) note(run, found.run);
  }
  return programs;
}

type Finder = {
  /** Absolute path of a program on PATH; null when there is none. */
  readonly program: (name: string) => string | null;
  readonly workspace: string;
};

/** Looks each name up once for a plan. */
function createFinder(env: Readonly<Record<string, string>>, workspace: string): Finder {
  const known = new Map<string, string | null>();
  const folders = pathOf(env)
    .split(delimiter)
    .filter((folder) => folder !== "");
  const endings = process.platform === "win32" ? (env["PATHEXT"] ?? ".EXE;.CMD;.BAT").split(";") : [""];
  const program = (name: string): string | null => {
    let found = known.get(name);
    if (found === undefined) {
      found = search(name, folders, endings, workspace);
      known.set(name, found);
    }
    return found;
  };
  return { program, workspace };
}

/** Without a PATH, systems look here. */
function pathOf(env: Readonly<Record<string, string>>): string {
  return env["PATH"] ?? env["Path"] ?? "/usr/local/bin:/usr/bin:/bin";
}

function search(
  name: string,
  folders: readonly string[],
  endings: readonly string[],
  workspace: string,
): string | null {
  if (isAbsolute(name)) return isProgram(name) ? name : null;
  for (const folder of folders) {
    for (const ending of endings) {
      const path = join(isAbsolute(folder) ? folder : join(workspace, folder), name + ending);
      if (isProgram(path)) return path;
    }
  }
  return null;
}

function isProgram(path: string): boolean {
  // A PATH has many folders without it: only what is there is asked whether it may be run.
  if (!isFileNow(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

type Run =
  | { readonly ok: true; readonly run: RunSpec }
  | { readonly ok: false; readonly interpreter: string; readonly mend: string };

const isWindows = process.platform === "win32";

const alternatives: Readonly<Record<string, { readonly names: readonly string[]; readonly mend: string }>> = {
  bash: { names: ["bash", "sh"], mend: "install bash, or put it on PATH" },
  sh: { names: ["sh", "bash"], mend: "put sh on PATH" },
  pwsh: {
    names: isWindows ? ["pwsh", "powershell"] : ["pwsh"],
    mend: "install PowerShell 7 (https://aka.ms/powershell), or put pwsh on PATH",
  },
  python3: { names: ["python3", "python"], mend: "install Python 3, or put python3 on PATH" },
  cmd: { names: ["cmd"], mend: "run this script on Windows, or begin it with #! and what runs it here" },
};

function runWith(finder: Finder, script: ScriptPlan): Run | Promise<Run> {
  const { run } = script;
  const [name = "", ...args] = run.argv;
  const using = (...front: string[]): Run => ({ ok: true, run: { ...run, argv: [...front, ...args] } });
  if (name === COLLECTOR || name === CHECKER) return { ok: true, run };
  if (name === "node") return using(process.execPath);
  if (name === "tsx") return typescript(finder, using);
  if (name === "cmd" && !isWindows) return batch(finder, run, using);
  if (isAbsolute(name)) return program(finder, name, using);
  return named(finder, run, using);
}

type Using = (...front: string[]) => Run;

function named(finder: Finder, run: RunSpec, using: Using): Run {
  const [name = "", ...args] = run.argv;
  const { names, mend } = alternatives[name] ?? { names: [name], mend: `put ${name} on PATH` };
  for (const candidate of names) {
    const path = finder.program(candidate);
    if (path !== null) return bareShell(candidate, name) ? plain(run, path, args) : using(path);
  }
  return { ok: false, interpreter: name, mend };
}

/** A batch file elsewhere than on Windows: by its `#!`, or by a `cmd` that somebody put on PATH. */
async function batch(finder: Finder, run: RunSpec, using: Using): Promise<Run> {
  const path = run.argv.at(-1) ?? "";
  if ((await wordsOfShebang(path)).length === 0) return named(finder, run, using);
  return byShebang(finder, path, (...front) => ({ ok: true, run: { ...run, argv: front } }));
}

/** Plain sh knows none of bash's options. */
function bareShell(candidate: string, wanted: string): boolean {
  return candidate === "sh" && wanted === "bash";
}

function plain(run: RunSpec, path: string, args: readonly string[]): Run {
  const argv = run.text === null ? [path, ...args] : [path, "-e", "-c"];
  return { ok: true, run: { ...run, argv } };
}

/** This Node where it strips types; else the workspace's tsx, or the one on PATH. */
function typescript(finder: Finder, using: Using): Run {
  const stripsTypes = (process.features as { typescript?: unknown }).typescript;
  if (stripsTypes) return using(process.execPath);
  const local = join(finder.workspace, "node_modules", ".bin", "tsx");
  const path = isProgram(local) ? local : finder.program("tsx");
  if (path !== null) return using(path);
  return { ok: false, interpreter: "tsx", mend: "npm install --save-dev tsx, or put tsx on PATH" };
}

/** A program by its own path: executable, or with a `#!` that says who runs it. */
function program(finder: Finder, path: string, using: Using): Run | Promise<Run> {
  if (/\.exe$/i.test(path) && !isWindows) return ofWindows(finder, path, using);
  return isProgram(path) ? using(path) : byShebang(finder, path, using);
}

/** A program for Windows begins with `MZ`. Where Linux runs within Windows, its kernel hands such over. */
async function ofWindows(finder: Finder, path: string, using: Using): Promise<Run> {
  const isForeign = (await readHead(path, 2).catch(() => "")) === "MZ" && !WINDOWS_BELOW.some(isFileNow);
  if (isForeign)
    return {
      ok: false,
      interpreter: "Windows",
      mend: `run it on Windows, or put a program for this system into ${path}`,
    };
  return isProgram(path) ? using(path) : byShebang(finder, path, using);
}

const WINDOWS_BELOW = ["/proc/sys/fs/binfmt_misc/WSLInterop", "/proc/sys/fs/binfmt_misc/WSLInterop-late"];

async function byShebang(finder: Finder, path: string, using: Using): Promise<Run> {
  const [interpreter, ...options] = await wordsOfShebang(path);
  if (interpreter === undefined) {
    return { ok: false, interpreter: path, mend: `make it executable (chmod +x ${path}) or begin it with #!` };
  }
  const found = finder.program(interpreter);
  if (found !== null) return using(found, ...options, path);
  return { ok: false, interpreter, mend: `install ${interpreter}, or put it on PATH` };
}

/** What stands behind `#!`, without `env`; nothing where there is none. */
async function wordsOfShebang(path: string): Promise<readonly string[]> {
  const head = await readHead(path, 256).catch(() => "");
  const words = /^#!\s*([^\n]+)/.exec(head)?.[1]?.trim().split(/\s+/) ?? [];
  const viaEnv = /(^|\/)env$/.test(words[0] ?? "");
  return viaEnv ? words.slice(1).filter((word) => word !== "-S") : words;
}

/** Absolute path of the program that the kernel runs a file with; null when it runs the file itself, or finds none. */
export async function interpreterOfFile(
  path: string,
  env: Readonly<Record<string, string>>,
  workspace: string,
): Promise<string | null> {
  const [interpreter] = await wordsOfShebang(path);
  return interpreter === undefined ? null : createFinder(env, workspace).program(interpreter);
}
