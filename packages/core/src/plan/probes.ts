import {
  evaluateCondition,
  interpolate,
  legacyText,
  unknown,
  type Context,
  type Decision,
  type Value,
} from "@aither/expression";
import type { Json, PlaybookCheck } from "@aither/protocol";

/** What only the run tells: `$jobs.unit.outputs.failed`, `$results.Completed`. */
type OfTheRun = { readonly is: "run"; readonly path: readonly string[] };

/** A look at the machine that a check asks for, in upstream's words. Whoever has the machine does it. */
export type Probe =
  | { readonly is: "path"; readonly path: string }
  | { readonly is: "files"; readonly path: string; readonly pattern: string }
  | { readonly is: "program"; readonly name: string }
  | { readonly is: "length"; readonly variable: string }
  | { readonly is: "powershell"; readonly part: "version" | "major" };

/** What a probe found; undefined: it could not be told. */
export type Found = Json | undefined;
export type Look = (probe: Probe) => Found;

/** What a check is decided in, for those who look and do not evaluate. */
export type CheckContext = Context;
export type CheckValue = Value;

/** A probe's text with its templates filled in; undefined when one of them cannot be. */
export function filledText(template: string, context: CheckContext): string | undefined {
  const made = interpolate(template, context);
  return made.is === "value" ? legacyText(made.value) : undefined;
}

const text = String.raw`('(?:[^']|'')*'|"[^"]*"|[^\s()'"]+)`;
const option = String.raw`(?:\s+-\w+(?:\s+\w+)?)*`;
const rules: readonly (readonly [RegExp, (found: readonly string[]) => Probe | OfTheRun])[] = [
  [
    new RegExp(
      String.raw`\(\s*Get-ChildItem\s+(?:-Path\s+)?${text}(?:\s+-Filter\s+${text})?${option}\s*\)\.Count\b`,
      "gi",
    ),
    ([, path = "", pattern]) => ({
      is: "files",
      path: bare(path),
      pattern: pattern === undefined ? "*" : bare(pattern),
    }),
  ],
  [
    new RegExp(String.raw`\bTest-Path\s+(?:-(?:Literal)?Path\s+)?${text}(?:\s+-PathType\s+\w+)?`, "gi"),
    ([, path = ""]) => ({ is: "path", path: bare(path) }),
  ],
  [
    new RegExp(String.raw`\bGet-Command\s+(?:-Name\s+)?${text}(?:\s+-ErrorAction\s+\w+)?(?:\s+2>\s*\$null)?`, "gi"),
    ([, name = ""]) => ({ is: "program", name: bare(name) }),
  ],
  [/\$env:(\w+)\.Length\b/gi, ([, variable = ""]) => ({ is: "length", variable })],
  [/\$PSVersionTable\.PSVersion\.Major\b/gi, () => ({ is: "powershell", part: "major" })],
  [/\$PSVersionTable\.PSVersion\b/gi, () => ({ is: "powershell", part: "version" })],
  [
    /\$(jobs|results)((?:\.[\w-]+)+)/gi,
    ([, root = "", path = ""]) => ({ is: "run", path: [root, ...path.slice(1).split(".")] }),
  ],
];

function bare(word: string): string {
  return /^['"]/.test(word) ? word.slice(1, -1).replaceAll("''", "'") : word;
}

/** Its condition with a variable in place of each look at the machine. */
function cutOut(condition: string): {
  readonly condition: string;
  readonly probes: ReadonlyMap<string, Probe | OfTheRun>;
} {
  const probes = new Map<string, Probe | OfTheRun>();
  // A version of PowerShell is compared as a number: `[version]'7.0'`.
  let rest = condition.replaceAll(/\[version\]\s*['"](\d+(?:\.\d+)?)[\d.]*['"]/gi, "$1");
  for (const [rule, make] of rules) {
    rest = rest.replaceAll(rule, (...found: string[]) => {
      const name = `aitherProbe${probes.size + 1}`;
      probes.set(name, make(found));
      return `$${name}`;
    });
  }
  return { condition: rest, probes };
}

/** What upstream's engine calls the results of a run, as far as there are such. */
const results = /\$results\.(?!Completed\b|Succeeded\b|Failed\b|Skipped\b)\w+/i;

/** The number it asks for that only a script knows, such as `$results.Coverage`; null when there is none. */
export function foreignResult({ condition }: PlaybookCheck): string | null {
  return results.exec(condition)?.[0] ?? null;
}

/** Whether it holds, with `look` for what concerns the machine. */
export function decideCheck({ condition }: PlaybookCheck, context: Context, look: Look): Decision {
  const { condition: rest, probes } = cutOut(condition);
  const found = [...probes].map(
    ([name, probe]) => [name, probe.is === "run" ? told(context, probe) : look(probe)] as const,
  );
  return decided({ condition, rest }, context, Object.fromEntries(found));
}

/** The same before the run: what only the end of the run can tell is undecidable for now. */
export function decideCheckEarly({ condition }: PlaybookCheck, context: Context): Decision {
  const { condition: rest, probes } = cutOut(condition);
  const late = unknown("the end of the run tells", { late: true });
  const found = Object.fromEntries([...probes.keys()].map((name) => [name, late]));
  return decided({ condition, rest }, context, found);
}

function told(context: Context, { path }: OfTheRun): Found {
  let value: unknown = context.variables;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    const key = Object.keys(value).find((one) => one.toLowerCase() === name.toLowerCase());
    value = key === undefined ? undefined : (value as Readonly<Record<string, unknown>>)[key];
  }
  return value as Found;
}

type Written = { readonly condition: string; readonly rest: string };

function decided(
  { condition, rest }: Written,
  context: Context,
  more: Readonly<Record<string, Value | Json | undefined>>,
): Decision {
  const strange = results.exec(condition)?.[0];
  if (strange !== undefined) {
    return { is: "undecidable", reason: `nothing here knows \`${strange}\``, late: false };
  }
  const values = Object.entries(more).map(([name, value]) => [
    name,
    value === undefined ? unknown("this machine or this run does not tell", { late: false }) : (value as Value),
  ]);
  const variables = { ...context.variables, ...(Object.fromEntries(values) as Record<string, Value>) };
  const decision = evaluateCondition(rest, { ...context, variables });
  if (decision.is !== "error" || condition.includes("${{")) return decision;
  // PowerShell beyond the forms that are evaluated here.
  return { is: "undecidable", reason: `\`${condition}\` cannot be evaluated here`, late: false };
}
