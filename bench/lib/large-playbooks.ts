// Playbooks that are larger than anybody's: for measuring how they are found, read and compiled.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Syntax = "json" | "yaml" | "psd1";

export const playbooksMany = 1_000;
export const stagesEach = 50;
export const scriptsLarge = 5_000;

/** Writes 1,000 playbooks of 50 stages: v2 as JSON, v3 as YAML, a PowerShell sequence as psd1; the syntaxes take turns. */
export function writeManyPlaybooks(workspace: string, syntaxes: readonly Syntax[]): void {
  const folder = join(workspace, "playbooks");
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < playbooksMany; index += 1) {
    const syntax = syntaxes[index % syntaxes.length] ?? "json";
    const name = `set-${String(index).padStart(4, "0")}`;
    writeFileSync(join(folder, `${name}.${syntax}`), texts[syntax](name));
  }
}

const numbers = Array.from({ length: stagesEach }, (_, index) => String(400 + index).padStart(4, "0"));

const texts: Readonly<Record<Syntax, (name: string) => string>> = {
  json: (name) =>
    JSON.stringify(
      {
        metadata: { name, description: `The playbook ${name}`, category: "bench", tags: ["a", "b"] },
        orchestration: {
          defaultVariables: { environment: "dev", verbose: false },
          stages: numbers.map((number) => ({
            name: `Stage ${number}`,
            description: "One of many",
            sequence: [number],
            variables: { number, environment: "{{environment}}" },
            timeout: 300,
            continueOnError: false,
          })),
        },
      },
      null,
      2,
    ),
  yaml: (name) =>
    [
      "apiVersion: aither/v1",
      `metadata: { name: ${name}, description: "The playbook ${name}", category: bench }`,
      "orchestration:",
      "  variables: { environment: dev, verbose: false }",
      "  jobs:",
      ...numbers.flatMap((number, index) => [
        `    stage-${number}:`,
        `      name: Stage ${number}`,
        ...(index === 0 ? [] : [`      needs: [stage-${numbers[index - 1]}]`]),
        "      timeout: 300",
        "      steps:",
        `        - { id: it, run: "${number}", with: { environment: "{{environment}}" } }`,
      ]),
      "",
    ].join("\n"),
  psd1: (name) =>
    [
      "@{",
      `  Name = '${name}'`,
      `  Description = 'The playbook ${name}'`,
      "  Sequence = @(",
      ...numbers.map(
        (number) =>
          `    @{ Script = '${number}'; Description = 'One of many'; Parameters = @{ Verbose = $true }; Timeout = 300 }`,
      ),
      "  )",
      "}",
      "",
    ].join("\r\n"),
};

/** Numbered scripts 0400 to 0449, which all of them name. */
export function writeScripts(workspace: string): void {
  const folder = join(workspace, "automation-scripts");
  mkdirSync(folder, { recursive: true });
  for (const number of numbers) writeFileSync(join(folder, `${number}_Do-It.sh`), "#!/bin/sh\n# Stage: Bench\n");
}

const variables = Object.fromEntries([
  ["environment", "dev"],
  ...Array.from({ length: 20 }, (_, index) => [`variable${index}`, `value ${index}`] as const),
]);

/** Playbooks of 5,000 scripts each, in the shapes that cost a compiler most. */
export const largePlaybooks: Readonly<Record<string, string>> = {
  "100 stages of 50 scripts, conditions and variables": large(
    Object.fromEntries(
      series(100, (stage) => [
        `s${stage}`,
        {
          ...(stage > 0 && { needs: [`s${stage - 1}`] }),
          if: "success() && vars.environment == 'dev'",
          variables: { own: stage },
          steps: series(50, (step) => ({
            id: `x${step}`,
            run: numbers[step],
            with: { what: "{{environment}}-{{own}}" },
            timeout: 30,
          })),
        },
      ]),
    ),
  ),
  "one stage of 5,000 inline scripts": large({
    a: {
      steps: series(scriptsLarge, (step) => ({ id: `x${step}`, shell: "sh", script: `echo {{environment}} ${step}` })),
    },
  }),
  "a matrix of 250 legs, 20 scripts each": large({
    a: {
      matrix: { n: series(250, (leg) => leg) },
      steps: series(20, (step) => ({ id: `x${step}`, shell: "sh", script: "echo ${{ matrix.n }}" })),
    },
  }),
  "1,000 stages in a row, 5 scripts each": large(
    Object.fromEntries(
      series(1_000, (stage) => [
        `s${stage}`,
        {
          ...(stage > 0 && { needs: [`s${stage - 1}`] }),
          variables: { own: `{{environment}} ${stage}` },
          steps: series(5, (step) => ({ run: numbers[step] })),
        },
      ]),
    ),
  ),
};

function series<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

function large(jobs: unknown): string {
  return JSON.stringify({ metadata: { name: "large" }, orchestration: { variables, jobs } });
}
