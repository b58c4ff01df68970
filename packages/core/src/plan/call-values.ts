import type { Json, PlaybookStage, PlaybookStep } from "@aither/protocol";
import type { Compiler, MendAt } from "./compiler.ts";
import type { PlanFinding } from "./finding.ts";
import type { Variables } from "./scope.ts";

type Calling = {
  readonly stage: PlaybookStage;
  /** The stage, or its step that calls. */
  readonly part: PlaybookStage | PlaybookStep;
  /** What was found wrong with the given values themselves. */
  readonly said: readonly PlanFinding[];
};

/**
 * The values of a called playbook are written where it is called, and are mended there: no command line reaches them, but
 * in older formats, where the variables of the caller are there in what it calls, too.
 */
export function mendInCall(compiler: Compiler, { stage, part, said }: Calling): MendAt {
  const isShared = isReachable(compiler);
  return (name, what) => {
    const written = entryOf(part, "with", name) ?? entryOf(stage, "variables", name);
    const isSaid = said.some(({ keys: [, key] }) => String(key).toLowerCase() === name.toLowerCase());
    if (what === "wrong" && isSaid) return null;
    const keys = written?.keys ?? [part.with === undefined ? "uses" : "with"];
    const place = { part: compiler.at(written?.part ?? part).part, keys, owner: compiler.playbook, atStart: true };
    if (what === "wrong") {
      const isFilledIn = written !== null && JSON.stringify(written.value).includes("{{");
      return { ...place, fix: isFilledIn ? "change what its template gives" : "change it in the call's `with`" };
    }
    if (isShared)
      return {
        ...place,
        problem: "VARIABLE_MISSING",
        fix: `give it in the call's \`with\`, or with --var ${name}=VALUE`,
      };
    return { ...place, fix: "give it in the call's `with`" };
  };
}

/**
 * What nobody gives to a variable within a called playbook, nobody can give on a command line. Null: it has no value because
 * the call's own value has none, and that is said there.
 */
export function mendedInCall(compiler: Compiler, one: PlanFinding, isWhole: boolean): PlanFinding | null {
  if (one.code !== "undefined-variable" || one.owner !== undefined || isReachable(compiler)) return one;
  if (!isWhole) return null;
  const fix = "give it in the `with` of the call, or write {{name:=DEFAULT}}";
  return { ...one, problem: "PLAYBOOK_INVALID", fix };
}

function isReachable({ playbook }: Compiler): boolean {
  return playbook.orchestration.undefinedVariables === "empty";
}

type Entry = { readonly part: PlaybookStage | PlaybookStep; readonly keys: readonly string[]; readonly value: Json };

function entryOf(part: PlaybookStage | PlaybookStep, key: "with" | "variables", name: string): Entry | null {
  const map = (part as Readonly<Record<string, Variables | undefined>>)[key] ?? {};
  const found = Object.keys(map).find((other) => other.toLowerCase() === name.toLowerCase());
  return found === undefined ? null : { part, keys: [key, found], value: map[found]! };
}
