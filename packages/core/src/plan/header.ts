import { evaluateCondition } from "@aither/expression";
import type { LegPlan, NotEnforced, ScriptEntry, ScriptPlan, StagePlan } from "@aither/protocol";
import type { Compiler } from "./compiler.ts";
import type { Scope } from "./scope.ts";

/** What a numbered script says in its header of when and beside whom it runs. */
export function headerOf(
  compiler: Compiler,
  entry: ScriptEntry,
  scope: Scope,
): Partial<Pick<ScriptPlan, "condition" | "reason" | "alone">> {
  const alone = entry.allowParallel === false ? { alone: true } : {};
  if (entry.condition === null) return alone;
  const decision = decideHeader(entry.condition, scope);
  const { assume } = compiler.request;
  const holds = decision === "true" || (decision === "unknown" && assume !== false);
  if (decision === "unknown" && assume === undefined) {
    const reason = `nobody can decide \`${entry.condition}\`, so it runs; --assume false skips it`;
    compiler.notEnforced.push({ what: "Condition", where: `header of ${entry.name}`, reason });
  }
  if (holds) return alone;
  return { ...alone, condition: "false", reason: `its header wants \`${entry.condition}\`, which does not hold` };
}

/** Headers write names bare: `IsWindows -eq $true`, `Features -contains 'OpenTofu'`. */
function decideHeader(condition: string, scope: Scope): "true" | "false" | "unknown" {
  const text = condition.replaceAll(/'[^']*'|"[^"]*"|(?<![$\w.{-])[A-Za-z_]\w*(?![\w(])/g, (word) =>
    /^['"]|^(true|false|null)$/i.test(word) ? word : `$${word}`,
  );
  const known = new Set(Object.keys(scope.context().variables ?? {}).map((name) => name.toLowerCase()));
  const names = [...text.matchAll(/\$([A-Za-z_]\w*)(?!\w*:)/g)].map(([, name = ""]) => name.toLowerCase());
  const machine = /^(iswindows|islinux|ismacos|true|false|null|env)$/;
  if (names.some((name) => !known.has(name) && !machine.test(name))) return "unknown";
  const { is } = evaluateCondition(text, scope.context());
  return is === "true" || is === "false" ? is : "unknown";
}

/** Side by side, a script that depends on one before it in its leg waits for what is before it. */
export function withDependencies(leg: LegPlan, entries: ReadonlyMap<string, ScriptEntry>): LegPlan {
  const before = new Set<string>();
  let changed = false;
  const scripts = leg.scripts.map((script) => {
    const waits = dependenciesOf(script, entries).some((number) => before.has(number));
    if (script.number !== null) before.add(script.number);
    changed ||= waits;
    return waits ? { ...script, alone: true } : script;
  });
  return changed ? { ...leg, scripts } : leg;
}

/** The written order is the order; where it contradicts what scripts say of themselves, that is said. */
export function contradictions(
  stages: readonly StagePlan[],
  entries: ReadonlyMap<string, ScriptEntry>,
): readonly NotEnforced[] {
  if (![...entries.values()].some(({ dependencies }) => dependencies.length > 0)) return [];
  const all = stages
    .filter(({ decision, role }) => decision !== "skip" && role === undefined)
    .flatMap(({ legs }) => (legs ?? []).slice(0, 1).flatMap(({ scripts }) => scripts));
  const first = new Map<string, number>();
  all.forEach(({ number }, index) => number !== null && !first.has(number) && first.set(number, index));
  const said = new Set<string>();
  return all.flatMap((script, index) =>
    dependenciesOf(script, entries).flatMap((number) => {
      const at = first.get(number);
      const what = `${script.name} before ${number}`;
      if (at === undefined || at <= index || said.has(what)) return [];
      said.add(what);
      const reason = `its header says that it depends on ${number}, which the playbook runs later; the written order holds`;
      return [{ what: "Dependencies", where: `header of ${script.name}`, reason }];
    }),
  );
}

function dependenciesOf(script: ScriptPlan, entries: ReadonlyMap<string, ScriptEntry>): readonly string[] {
  const entry = script.path === null ? undefined : entries.get(script.path);
  return (entry?.dependencies ?? []).flatMap((name) => /^\d{1,4}/.exec(name.trim())?.[0].padStart(4, "0") ?? []);
}
