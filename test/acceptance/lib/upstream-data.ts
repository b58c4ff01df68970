import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The read-only upstream data, beside the checkout. */
export const upstream = fileURLToPath(new URL("../../../../shared/upstream/", import.meta.url));
export const hasUpstreamData = existsSync(join(upstream, "expected.json"));

export type ExpectedStage = {
  readonly name: string;
  readonly tokens: readonly string[];
  readonly scripts: readonly string[];
  readonly otherSteps: readonly string[];
  readonly jobs?: readonly { readonly name: string; readonly scripts: readonly string[] }[];
  readonly needs?: readonly string[];
  readonly timeout?: number;
  readonly continueOnError?: boolean;
};

export type ExpectedPlaybook = {
  readonly file: string;
  readonly catalog: string;
  readonly name: string;
  readonly format: string;
  readonly stages: readonly ExpectedStage[];
  readonly scriptRuns: number;
  readonly uniqueScripts: readonly string[];
  readonly missingScripts: readonly string[];
  readonly unknownTokens: readonly string[];
  readonly variableNames: readonly string[];
  readonly profileNames: readonly string[];
  readonly levels?: readonly (readonly string[])[];
  readonly selection?: Readonly<
    Record<
      string,
      { readonly runs: readonly string[]; readonly skips: readonly string[]; readonly undecided: readonly string[] }
    >
  >;
};

export type Expression = {
  readonly expression: string;
  readonly recommended: readonly string[];
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
};

export type Expected = {
  readonly playbooks: readonly ExpectedPlaybook[];
  readonly sequences: Readonly<Record<string, readonly Expression[]>>;
};

export type UpstreamScript = {
  readonly number: string;
  readonly file: string;
  readonly stage: string | null;
  readonly description: string;
  readonly dependencies: readonly string[];
  readonly tags: readonly string[];
  readonly synopsis?: string;
  readonly anyHeader?: Readonly<Record<string, string>>;
  readonly parameters: readonly {
    readonly name: string;
    readonly type: string;
    readonly mandatory?: boolean;
    readonly validateSet?: readonly string[];
    readonly hasDefault?: boolean;
  }[];
};

export async function readExpected(): Promise<Expected> {
  return JSON.parse(await readFile(join(upstream, "expected.json"), "utf8")) as Expected;
}

export async function readCatalogues(): Promise<Readonly<Record<string, readonly UpstreamScript[]>>> {
  const { catalogs } = JSON.parse(await readFile(join(upstream, "scripts.json"), "utf8")) as {
    catalogs: Record<string, UpstreamScript[]>;
  };
  return catalogs;
}

/** A workspace that holds the scripts of one catalogue, with the headers that `scripts.json` says they have. */
export async function catalogueWorkspace(
  scripts: readonly UpstreamScript[],
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "aither-upstream-"));
  const folder = join(path, "automation-scripts");
  await mkdir(folder);
  await Promise.all(scripts.map((script) => writeFile(join(folder, script.file), scriptText(script))));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Upstream writes headers in two ways: comment lines, or lines of the `.NOTES` of the comment-based help. */
export function scriptText(script: UpstreamScript): string {
  const header = Object.entries(script.anyHeader ?? {});
  const help = script.synopsis !== undefined;
  const notes = header.map(([key, value]) => `    ${key}: ${value}`);
  const top = help
    ? [
        "#Requires -Version 7.0",
        "<#",
        ".SYNOPSIS",
        `    ${script.synopsis}`,
        ".NOTES",
        ...notes,
        "#>",
        "[CmdletBinding()]",
      ]
    : ["#Requires -Version 7.0", ...header.map(([key, value]) => `# ${key}: ${value}`)];
  return [
    ...top,
    "param(",
    ...script.parameters.map((parameter, index) => parameterText(parameter, index + 1 === script.parameters.length)),
    ")",
    "exit 0",
    "",
  ].join("\n");
}

function parameterText(
  { name, type, mandatory, validateSet, hasDefault }: UpstreamScript["parameters"][number],
  last: boolean,
): string {
  const lines = [];
  if (mandatory) lines.push("    [Parameter(Mandatory = $true, HelpMessage = 'a, (b)')]");
  if (validateSet) lines.push(`    [ValidateSet(${validateSet.map((value) => `'${value}'`).join(", ")})]`);
  lines.push(
    `    [${type}]$${name}${hasDefault ? ' = (Join-Path $PSScriptRoot "x, y")' : ""}${last ? "" : ","}  # a comment, with (brackets`,
  );
  return lines.join("\n");
}
