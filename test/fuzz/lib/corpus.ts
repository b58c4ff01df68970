/** Real playbooks: the shared example data where it stands beside the checkout, our own everywhere. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../../../scripts/lib/root.ts";

export type Document = { readonly file: string; readonly text: string };

const folders = [
  join(root, "playbooks"),
  join(root, "docs", "examples"),
  fileURLToPath(new URL("../../../../shared/upstream/playbooks/", import.meta.url)),
];

/** Longer ones say nothing that shorter ones do not, and cost all the time. */
const LENGTH_MAX = 24_000;

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? filesUnder(path) : [path];
    });
}

function documents(endings: RegExp): Document[] {
  return folders
    .flatMap(filesUnder)
    .filter((path) => endings.test(path))
    .map((path) => ({ file: path.split("/").at(-1)!, text: readFileSync(path, "utf8") }))
    .filter(({ text }) => text.length <= LENGTH_MAX);
}

export const playbooks: readonly Document[] = documents(/\.(json|ya?ml|psd1)$/);
export const psd1Texts: readonly string[] = [
  ...documents(/\.psd1$/).map(({ text }) => text),
  "@{\n  Name = 'x'\n  Stages = @(\n    @{ Name = \"Build $($env:CI)\"; Sequence = @('0402', \"0404\"); Condition = '$CI -eq $true'; ContinueOnError = $true }\n  )\n}\n",
  "@{ Sequence = '0400-0499', '!0410'; Variables = @{ a = 1KB; b = -0x1F; c = [ordered]@{ d = $null } }; Run = { Get-Item 'x' } }",
];
export const scriptTexts: readonly string[] = [
  ...readdirSync(join(root, "automation-scripts")).map((name) =>
    readFileSync(join(root, "automation-scripts", name), "utf8"),
  ),
  "<#\n.SYNOPSIS\n  Runs tests\n.NOTES\n  Stage: Testing\n  Dependencies: 0400, 0401\n  Tags: unit, pester\n#>\n[CmdletBinding()]\nparam(\n  [Parameter(Mandatory = $true, HelpMessage = 'a, (b)')]\n  [ValidateSet('a', \"b\")]\n  [string]$Name = (Join-Path $PSScriptRoot \"x, y\"), # note (\n  [switch]$Force\n)\n",
  "// Stage: Build\n// Description: makes it\n// Condition: $IsLinux -and {{x}}\n// AllowParallel: $true\n",
];
