import { homedir } from "node:os";
import { join } from "node:path";
import { nearest, select } from "@aither/core";
import type { Outcome } from "@aither/engine";
import { pointAt } from "@aither/playbook";
import { type Body, type Json, type Plan, problem, type Problem, type ScriptEntry } from "@aither/protocol";
import { createPlaybookCatalogue, type LoadedPlaybook } from "./catalogue.ts";
import type { Planner, PlannerOptions, Validation } from "./face.ts";
import { isDirectory, readHead } from "./files.ts";
import { compileLoaded, placed, planLoaded } from "./planning.ts";
import { shortened } from "./say.ts";
import { createScriptCatalogue } from "./scripts.ts";
import { viewOfPlan } from "./view.ts";

export type * from "./face.ts";

/** Scripts are shown up to this length. */
const SHOWN_BYTES_MAX = 1024 * 1024;

/** A planner over the file system; it caches by time and size, and watches nothing. */
export function createPlanner(options: PlannerOptions = {}): Planner {
  const playbooks = createPlaybookCatalogue(options.userPlaybooks ?? userPlaybooks());
  const scripts = createScriptCatalogue();

  const load = async (request: Body<"startJob">, workspace: string): Promise<Outcome<LoadedPlaybook>> => {
    if (request.selector !== undefined) return playbooks.unsaved(selectorPlaybook(request.selector), "selector.json");
    if (request.text !== undefined) return playbooks.unsaved(request.text, null);
    return playbooks.find(request.playbook ?? "", workspace);
  };

  const planFor = async (request: Body<"startJob">, purpose: "start" | "look"): Promise<Outcome<Plan>> => {
    const workspace = request.workspace ?? homedir();
    if (!(await isDirectory(workspace))) {
      return refused(problem("WORKSPACE_INVALID", `${workspace} is no folder`));
    }
    const loaded = await load(request, workspace);
    if (!loaded.ok) return loaded;
    const index = await scripts.index(workspace);
    const env = request.env ?? plainEnvironment();
    return planLoaded({ loaded: loaded.value, scripts: index, request, workspace, env, purpose });
  };

  return {
    plan: (request) => planFor(request, "start"),
    preview: (request) => planFor(request, "look"),
    planView: viewOfPlan,
    listPlaybooks: (workspace) => playbooks.list(workspace),

    async validate(request) {
      const workspace = request.workspace ?? homedir();
      const loaded =
        request.text === undefined
          ? await playbooks.find(request.playbook ?? "", workspace)
          : playbooks.unsaved(request.text, request.file ?? null);
      if (!loaded.ok) return validationOf(loaded.problem);
      const index = await scripts.index(workspace);
      const { read } = loaded.value;
      if (!read.ok) {
        const diagnostics = shortened(await pointAt(read.findings, read.source), workspace);
        return { valid: false, diagnostics, notEnforced: [] };
      }
      const input = { loaded: loaded.value, scripts: index, request: {}, workspace, env: plainEnvironment() };
      const { plan, findings } = compileLoaded(input, read);
      // What the caller of a start still could give is no mistake of the playbook.
      const open = new Set(["VARIABLE_MISSING"]);
      const judged = findings.map((one) =>
        one.atStart && (open.has(one.problem) || one.code === "undecidable")
          ? { ...one, severity: "warning" as const }
          : one,
      );
      const diagnostics = shortened(
        [...(await pointAt(read.findings, read.source)), ...(await placed(judged, read))],
        workspace,
      );
      return {
        valid: !diagnostics.some(({ severity }) => severity === "error"),
        diagnostics,
        notEnforced: [...read.notEnforced, ...plan.notEnforced],
      };
    },

    async showPlaybook(name, workspace) {
      const loaded = await playbooks.find(name, workspace);
      if (!loaded.ok) return loaded;
      const { read, path } = loaded.value;
      if (!read.ok) {
        const [first] = shortened(await pointAt(read.findings, read.source), workspace);
        const detail = first ? `${first.file}:${first.line}:${first.col}: ${first.message}` : "it cannot be read";
        return refused(problem("PLAYBOOK_INVALID", detail));
      }
      const playbook = JSON.parse(JSON.stringify(read.playbook)) as Json;
      const shown = {
        name: read.playbook.metadata.name,
        format: read.format,
        path: path ?? "",
        text: read.source.text,
        playbook,
      };
      return { ok: true, value: shown };
    },

    listScripts: async (workspace) => [...(await scripts.index(workspace)).all],

    async showScript(name, workspace) {
      const index = await scripts.index(workspace);
      const found = select(name, index).scripts;
      if (found.length === 1) {
        const [script] = found;
        return { ok: true, value: { script: script!, text: await readHead(script!.path, SHOWN_BYTES_MAX) } };
      }
      return refused(found.length > 1 ? severalScripts(name, found) : noScript(name, index.all));
    },

    async selectScripts(expression, workspace) {
      const found = select(expression, await scripts.index(workspace));
      const numbers = [...new Set(found.scripts.map(({ number }) => number))];
      return { ok: true, value: { scripts: numbers, missing: [...found.missing], unknown: [...found.unknown] } };
    },
  };
}

/** `run <selector>` is a playbook of one stage. */
function selectorPlaybook(selector: string): string {
  const jobs = { scripts: { name: selector, steps: [{ run: selector }] } };
  return JSON.stringify({ metadata: { name: selector }, orchestration: { jobs } });
}

function validationOf(why: Problem): Validation {
  const place = /^(.+?):(\d+):(\d+): (.*)$/s.exec(why.detail);
  return {
    valid: false,
    diagnostics: [
      {
        severity: "error",
        code: why.code.replace("AITHER_E_", "").toLowerCase().replaceAll("_", "-"),
        message: place?.[4] ?? why.detail,
        file: place?.[1] ?? null,
        line: place ? Number(place[2]) : null,
        col: place ? Number(place[3]) : null,
        endLine: null,
        endCol: null,
        fix: why.hint,
      },
    ],
    notEnforced: [],
  };
}

function noScript(name: string, all: readonly ScriptEntry[]): Problem {
  const like = nearest(
    name,
    all.flatMap((script) => [script.name, script.number]),
  );
  return problem("SCRIPT_NOT_FOUND", `there is no script \`${name}\``, {
    ...(like !== null && { hint: `did you mean ${like}? aither scripts list shows what there is`, candidates: [like] }),
  });
}

function severalScripts(name: string, found: readonly ScriptEntry[]): Problem {
  return problem("SCRIPT_NOT_FOUND", `${name} fits ${found.length} scripts`, {
    hint: "give the whole name, or a path",
    candidates: found.map((script) => script.name),
  });
}

function userPlaybooks(): string {
  const config = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  return join(config, "aither", "playbooks");
}

function plainEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

function refused(why: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem: why };
}
