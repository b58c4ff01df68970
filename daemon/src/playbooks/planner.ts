import { homedir } from "node:os";
import { join } from "node:path";
import { nearest, select } from "@aither/core";
import type { Outcome } from "@aither/engine";
import { pointAt } from "@aither/playbook";
import { type Body, type Json, problem, type Problem, type ScriptEntry } from "@aither/protocol";
import { callsOf } from "./calls.ts";
import { createPlaybookCatalogue, type LoadedPlaybook } from "./catalogue.ts";
import type { Planner, PlannerOptions, ShownPlaybook } from "./face.ts";
import { isDirectory, readHead } from "./files.ts";
import { type PlannedPlaybook, plainEnvironment, planLoaded } from "./planning.ts";
import { problemOf, shortened } from "./say.ts";
import { createScriptCatalogue } from "./scripts.ts";
import { validate } from "./validating.ts";
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

  const planFor = async (request: Body<"startJob">, purpose: "start" | "look"): Promise<Outcome<PlannedPlaybook>> => {
    const workspace = request.workspace ?? homedir();
    if (!(await isDirectory(workspace))) {
      return refused(problem("WORKSPACE_INVALID", `${workspace} is no folder`));
    }
    const loaded = await load(request, workspace);
    if (!loaded.ok) return loaded;
    const index = await scripts.index(workspace);
    const env = request.env ?? plainEnvironment();
    const calls = await callsOf(loaded.value, { playbooks, workspace });
    return planLoaded({ loaded: loaded.value, calls, scripts: index, request, workspace, env, purpose });
  };

  const planWithWarnings: Planner["planWithWarnings"] = async (request) => {
    const planned = await planFor(request, "start");
    if (!planned.ok) return planned;
    const { obstacles: _none, warnings, ...plan } = planned.value;
    return { ok: true, value: { plan, warnings } };
  };

  return {
    async plan(request) {
      const planned = await planWithWarnings(request);
      return planned.ok ? { ok: true, value: planned.value.plan } : planned;
    },
    planWithWarnings,
    async preview(request) {
      const planned = await planFor(request, "look");
      if (!planned.ok) return planned;
      const { warnings: _validated, ...preview } = planned.value;
      return { ok: true, value: preview };
    },
    planView: viewOfPlan,
    listPlaybooks: (workspace) => playbooks.list(workspace),

    validate: (request) => validate(request, { playbooks, scripts }),
    showPlaybook: async (name, workspace) => shown(await playbooks.find(name, workspace), workspace),
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

async function shown(loaded: Outcome<LoadedPlaybook>, workspace: string): Promise<Outcome<ShownPlaybook>> {
  if (!loaded.ok) return loaded;
  const { read, path } = loaded.value;
  if (!read.ok) {
    const diagnostics = shortened(await pointAt(read.findings, read.source), workspace);
    return refused(problemOf("PLAYBOOK_INVALID", diagnostics));
  }
  const value: ShownPlaybook = {
    name: read.playbook.metadata.name,
    format: read.format,
    path: path ?? "",
    text: read.source.text,
    playbook: JSON.parse(JSON.stringify(read.playbook)) as Json,
  };
  return { ok: true, value };
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

function refused(why: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem: why };
}
