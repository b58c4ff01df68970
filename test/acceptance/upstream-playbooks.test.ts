import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import type { Plan, StagePlan } from "@aither/protocol";
import { createPlanner } from "../../daemon/src/playbooks/planner.ts";
import {
  catalogueWorkspace,
  type ExpectedPlaybook,
  hasUpstreamData,
  readCatalogues,
  readExpected,
  upstream,
} from "./lib/upstream-data.ts";

const differences = fileURLToPath(new URL("../../docs/upstream-differences.md", import.meta.url));

/**
 * Each of the 90 real playbooks gives the stages, scripts, variables and profiles that a careful reader finds in it.
 * What differs is on the list in docs/upstream-differences.md, with a reason: a row that differs and is not listed
 * fails, and so does one that is listed and does not differ.
 */
test("real playbooks load and resolve as written", async (t) => {
  if (!hasUpstreamData) return t.skip("skipped: no shared data");
  const listed = new Set(
    [...(await readFile(differences, "utf8")).matchAll(/^\| `([^`]+)` \|/gm)].map(([, row]) => row!),
  );
  const found = new Map<string, string>();
  const catalogues = await readCatalogues();
  const { playbooks } = await readExpected();
  assert.equal(playbooks.length, 90);
  for (const [name, scripts] of Object.entries(catalogues)) {
    await using workspace = await catalogueWorkspace(scripts);
    const planner = createPlanner({ userPlaybooks: join(workspace.path, "none") });
    const preview = async (playbook: ExpectedPlaybook, profile?: string): Promise<Plan | string> => {
      const made = await planner.preview({
        playbook: join(upstream, playbook.file),
        workspace: workspace.path,
        env: {},
        ...(profile !== undefined && { profile }),
      });
      if (!made.ok) return made.problem.detail;
      // The table knows the stages that are written as such, in this very file.
      const isWritten = ({ role, within }: StagePlan): boolean => role === undefined && within === undefined;
      return { ...made.value, stages: made.value.stages.filter(isWritten) };
    };
    for (const playbook of playbooks.filter(({ catalog }) => catalog === name)) {
      const shown = await planner.showPlaybook(join(upstream, playbook.file), workspace.path);
      const model = shown.ok ? (shown.value.playbook as Model) : null;
      for (const [what, difference] of await compare(playbook, model, preview)) {
        found.set(`${playbook.file.replace("playbooks/", "")} ${what}`, difference);
      }
    }
  }
  const unlisted = [...found].filter(([row]) => !listed.has(row)).map(([row, why]) => `${row}: ${why}`);
  const needless = [...listed].filter((row) => !found.has(row));
  assert.deepEqual({ unlisted, needless }, { unlisted: [], needless: [] });
});

type Model = {
  readonly inputs?: object;
  readonly orchestration: { readonly variables?: object; readonly profiles?: object };
};

type Preview = (playbook: ExpectedPlaybook, profile?: string) => Promise<Plan | string>;

/** Everything the table says about a playbook, against its plan. Answers what differs, and how. */
async function compare(wanted: ExpectedPlaybook, model: Model | null, preview: Preview): Promise<[string, string][]> {
  const plan = await preview(wanted);
  if (typeof plan === "string") return [["plan", plan]];
  const ids = wanted.format === "v3-jobs" || wanted.format === "json-stage-map";
  const nameOf = (stage: StagePlan): string => (ids ? stage.id : stage.name);
  const rows: [string, unknown, unknown][] = [
    ["format", plan.format, wanted.format],
    ["name", plan.name, wanted.name],
    ["stages", plan.stages.map(nameOf), wanted.stages.map(({ name }) => name)],
    ["scripts", plan.stages.map(numbersOf), wanted.stages.map(scriptsWanted)],
    ["other steps", plan.stages.map(othersOf), wanted.stages.map(({ otherSteps }) => otherSteps.length)],
    ["unique scripts", [...new Set(plan.stages.flatMap(numbersOf))], wanted.uniqueScripts],
    ["missing", sorted(plan.missing), sorted(wanted.missingScripts)],
    ["unknown", plan.unknown, wanted.unknownTokens],
    ["needs", plan.stages.map(({ needs }) => needs), wanted.stages.map(({ needs }) => needs ?? [])],
    [
      "timeouts",
      plan.stages.map(({ timeoutMs }) => timeoutMs),
      wanted.stages.map(({ timeout }) => (timeout ? timeout * 1_000 : null)),
    ],
    ["variables", variableNames(model), sorted(wanted.variableNames)],
    ["profiles", Object.keys(model?.orchestration.profiles ?? {}), wanted.profileNames],
  ];
  for (const [profile, selection] of Object.entries(wanted.selection ?? {})) {
    const chosen = profile === "(default)" ? plan : await preview(wanted, profile);
    if (typeof chosen === "string") rows.push([`profile ${profile}`, chosen, "a plan"]);
    else {
      const decided = (decision: string): string[] =>
        chosen.stages
          .filter((stage) => stage.decision === decision && !selection.undecided.includes(nameOf(stage)))
          .map(nameOf);
      rows.push([`selection ${profile}`, [decided("run"), decided("skip")], [selection.runs, selection.skips]]);
    }
  }
  if (wanted.levels) rows.push(["levels", levelsOf(plan), wanted.levels]);
  return rows.flatMap(([what, is, should]): [string, string][] => {
    const [a, b] = [JSON.stringify(is), JSON.stringify(should)];
    return a === b ? [] : [[what, `is ${a}, should be ${b}`]];
  });
}

/** A matrix repeats a stage's scripts in every leg; the table speaks of the stage. */
function numbersOf(stage: StagePlan): string[] {
  return (stage.legs?.[0]?.scripts ?? []).flatMap(({ number }) => number ?? []);
}

function othersOf(stage: StagePlan): number {
  if (stage.group !== undefined) return 1;
  return (stage.legs?.[0]?.scripts ?? []).filter(({ number }) => number === null).length;
}

function scriptsWanted({ scripts, jobs }: ExpectedPlaybook["stages"][number]): readonly string[] {
  return jobs ? jobs.flatMap((job) => job.scripts) : scripts;
}

function variableNames(model: Model | null): string[] {
  return sorted(Object.keys({ ...model?.orchestration.variables, ...model?.inputs }));
}

function sorted(texts: readonly string[]): string[] {
  return [...texts].sort();
}

function levelsOf(plan: Plan): string[][] {
  const levels: string[][] = [];
  const level = new Map<string, number>();
  for (const { id, needs } of plan.stages) {
    const depth = needs.length === 0 ? 0 : 1 + Math.max(...needs.map((need) => level.get(need) ?? 0));
    level.set(id, depth);
    (levels[depth] ??= []).push(id);
  }
  return levels;
}
