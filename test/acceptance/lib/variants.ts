/**
 * Playbooks as people write them and as no test data of others has them: other cases, shapes and spellings of the same
 * things. `means` is what each is: stages with their scripts, `|` between legs; `-` marks a stage that is skipped, `~`
 * one whose failure is tolerated, `=2` how many at once, `<a` what it comes after.
 */
export type Variant = {
  readonly what: string;
  readonly syntax: "json" | "yaml" | "psd1";
  readonly text: string;
  readonly means: string;
  readonly profile?: string;
  /** What is listed as not enforced. */
  readonly listed?: readonly string[];
  /** What `validate` says, `line:col code`. */
  readonly says?: readonly string[];
};

const json = (what: string, value: object, means: string, more: Partial<Variant> = {}): Variant => ({
  what,
  syntax: "json",
  text: JSON.stringify(value, null, 1),
  means,
  ...more,
});
const psd1 = (what: string, text: string, means: string, more: Partial<Variant> = {}): Variant => ({
  what,
  syntax: "psd1",
  text,
  means,
  ...more,
});
const yaml = (what: string, text: string, means: string, more: Partial<Variant> = {}): Variant => ({
  what,
  syntax: "yaml",
  text,
  means,
  ...more,
});
const v2 = (stages: unknown, more: object = {}) => ({ metadata: { name: "x" }, orchestration: { stages, ...more } });
const v3 = (jobs: unknown, more: object = {}) => ({ metadata: { name: "x" }, orchestration: { jobs, ...more } });

const sequences: readonly Variant[] = [
  json(
    "numbers, texts and a range, padded and not",
    { Sequence: [402, "404", "0400-405"] },
    "main: 0402 0404 0400 0405",
  ),
  json("one text", { SEQUENCE: "0402, 0404" }, "main: 0402 0404"),
  json("one number", { sequence: 402 }, "main: 0402"),
  json("an empty list of stages beside it", { stages: [], sequence: ["0402"] }, "main: 0402"),
  json("under the name of another format", { sequences: ["0402", "0404"] }, "main: 0402 0404"),
  json(
    "entries of all kinds in one list",
    { sequence: ["0402", { Script: 404 }, 405, { scripts: ["0407"] }, { ScriptNumber: "0400" }] },
    "s-0402: 0402; s-404: 0404 <s-0402; s-405: 0405 <s-404; stage-4: 0407 <s-405; s-0400: 0400 <stage-4",
  ),
  json("an entry of several scripts", { sequence: [{ script: ["0402", "0404"], name: "two" }] }, "two: 0402 0404"),
  json("an entry that only has a name", { sequence: [{ name: "0402_Unit" }] }, "s-0402-unit: 0402"),
  json("a single entry", { sequence: { script: "0402", continueOnError: "true" } }, "s-0402~: 0402"),
  psd1(
    "tabs, semicolons, comments and CRLF",
    "@{\r\n\tSequence = @(\r\n\t\t'0402'; 404 # c\r\n\t)\r\n}\r\n",
    "main: 0402 0404",
  ),
  psd1("a list of one", "@{ Sequence = ,@{ Script = '0402' } }", "s-0402: 0402"),
  psd1(
    "a mixed list",
    "@{ Sequence = @( '0402'\n @{ Script = '0404_Lint.ps1' } ) }",
    "s-0402: 0402; s-0404-lint-ps1: 0404 <s-0402",
  ),
  psd1("one script", "@{ Scripts = '0402' }", "main: 0402"),
  psd1(
    "one script with settings",
    "@{ Scripts = @{ Path = 'automation-scripts\\0402_Unit.sh'; Name = 'U' } }",
    "u: 0402",
  ),
  psd1(
    "groups by name, whatever its case, and neighbours of no group",
    `@{ Sequence = @(
      @{ Script = '0402'; Parallel = $true; Group = 'a' }
      @{ Script = '0404'; Parallel = $true; Group = 'A' }
      @{ Script = '0405'; Parallel = $true }
      @{ Script = '0407'; Parallel = $true }
      @{ Script = '0400' } ) }`,
    "s-0402: 0402; s-0404: 0404; s-0405: 0405 <s-0402,s-0404; s-0407: 0407 <s-0402,s-0404; s-0400: 0400 <s-0405,s-0407",
  ),
];

const stages: readonly Variant[] = [
  json(
    "names that are missing, empty, numbers or there twice",
    {
      stages: [
        { sequence: "0402" },
        { name: "", sequence: "0402" },
        { name: 5, sequence: "0402" },
        ...["T", "t"].map((name) => ({ name, sequence: "0402" })),
      ],
    },
    "stage-1: 0402; stage-2: 0402 <stage-1; s-5: 0402 <stage-2; t: 0402 <s-5; t-2: 0402 <t",
  ),
  json(
    "all the words for scripts",
    {
      Stages: [
        { Name: "a", Script: "0402" },
        { Name: "b", script: "0404_Lint.ps1" },
        { Name: "c", Scripts: [{ id: "0405" }, "0407"] },
      ],
    },
    "a: 0402; b: 0404 <a; c: 0405 0407 <b",
  ),
  json(
    "jobs as a map, as selectors, and as a list of them",
    v2([{ name: "g", type: "parallel", jobs: { a: { sequence: "0402" }, b: ["0404", "0405"] } }]),
    "g=1000: 0402 0404 0405",
  ),
  json(
    "jobs as selectors",
    v2([{ name: "g", type: "parallel-group", maxConcurrency: "2", jobs: ["0402", { sequence: 404 }] }]),
    "g=2: 0402 0404",
  ),
  json(
    "how many at once in place of whether",
    v2([{ name: "g", sequences: ["0402", "0404"], parallel: 2 }]),
    "g=2: 0402 0404",
  ),
  json(
    "a strategy as in workflows",
    v2([
      {
        name: "m",
        sequences: ["0402"],
        strategy: { matrix: { os: ["l", "w"], exclude: [{ os: "w" }] }, "fail-fast": false },
      },
    ]),
    "m: 0402",
  ),
  json(
    "dimensions of one value, in other case",
    v2([
      { name: "m", sequences: ["0402"], variables: { enableMatrix: true, matrixDimensions: { os: "l", n: [1, 2] } } },
    ]),
    "m: 0402 | 0402",
  ),
  json(
    "dimensions that a variable holds",
    v2([{ name: "m", sequences: ["0402"], variables: { EnableMatrix: "$true", MatrixDimensions: "{{all}}" } }], {
      defaultVariables: { all: { os: ["l", "w"] } },
    }),
    "m: 0402 | 0402",
  ),
  json(
    "a matrix where there can be none, and one that is none",
    v2([
      { name: "g", jobs: [{ sequence: "0402", variables: { EnableMatrix: true, MatrixDimensions: { a: [1] } } }] },
      { name: "m", sequences: "0402", variables: { EnableMatrix: true, MatrixDimensions: ["a"] } },
    ]),
    "g=1000: 0402; m: 0402 <g",
    { listed: ["EnableMatrix", "MatrixDimensions"] },
  ),
  json(
    "settings as PowerShell writes variables",
    v2(
      [
        {
          name: "a",
          sequences: "0402",
          continueOnError: "$no",
          maxConcurrency: "$(n)",
          parallel: "$true",
          timeout: "$Variables.n",
        },
        { name: "b", sequences: "0402", continueOnError: "$(yes)", retries: "$n" },
        { name: "c", sequences: "0402", continueOnError: "$false" },
      ],
      { defaultVariables: { no: false, yes: true, n: 2 } },
    ),
    "a=2: 0402; b~: 0402 <a; c: 0402 <b",
  ),
  json(
    "a name at the top in place of in the metadata",
    { name: "top", orchestration: { stages: [{ name: "a", sequences: "402" }] } },
    "a: 0402",
  ),
  json(
    "truth values as programs write them",
    v2([
      { name: "a", sequences: "0402", condition: "True" },
      { name: "b", sequences: "0402", condition: "FALSE" },
    ]),
    "a: 0402; -b: 0402 <a",
  ),
  json(
    "a condition of functions and variables",
    v2([{ name: "a", sequences: "0402", condition: "contains(variables.list, 'B')" }], {
      defaultVariables: { list: ["a", "b"] },
    }),
    "a: 0402",
  ),
  json(
    "a map of lists",
    { stages: { b: ["0402", "0404"], a: "0405" }, executionOrder: ["A", "b"] },
    "a: 0405; b: 0402 0404 <a",
  ),
  json("an order that names what is not there", { stages: { b: ["0402"] }, executionOrder: ["z", "b"] }, "b: 0402", {
    says: ["8:3 unknown-stage"],
  }),
  json("keys with a slip", { Name: "x", Stages: [{ Name: "a", Sequence: "0402", Conditon: "false" }] }, "a: 0402", {
    listed: ["Conditon"],
    says: ["7:4 unknown-key"],
  }),
  {
    what: "comments, and commas before brackets",
    syntax: "json",
    text: '// how it began\n{\n  "name": "x", /* the name, */\n  "stages": [\n    { "name": "a // b", "sequence": ["0402",], },\n  ],\n}\n',
    means: "a-b: 0402",
  },
  yaml(
    "anchors of scripts and of settings",
    "base: &b { timeout: 30 }\nstages:\n  - { <<: *b, name: a, sequence: &s [0402, 404] }\n  - name: b\n    sequence: *s\n",
    "a: 0402 0404; b: 0402 0404 <a",
    { listed: ["base"] },
  ),
];

const words: readonly Variant[] = [
  psd1(
    "words for whether and where a stage runs",
    `@{ Stages = @(
      @{ Name = 'off'; Sequence = '0402'; Enabled = $false }
      @{ Name = 'maybe'; Sequence = '0402'; Enabled = '{{x}}' }
      @{ Name = 'beos'; Sequence = '0402'; Platforms = @('BeOS') }
      @{ Name = 'all'; Sequence = '0402'; Platform = 'CrossPlatform'; Disabled = $false }
      @{ Name = 'none'; Sequence = '0402'; Disabled = 'true' }
    ); Variables = @{ x = $true } }`,
    "-off: 0402; maybe: 0402 <off; beos: 0402 <maybe; all: 0402 <beos; -none: 0402 <all",
    { listed: ["platform"] },
  ),
  psd1(
    "words for what an error means",
    `@{ Sequence = @(
      @{ Name = 'a'; Script = '0402'; Optional = $true }
      @{ Name = 'b'; Script = '0402'; OnError = 'Continue' }
      @{ Name = 'c'; Script = '0402'; ErrorAction = 'Stop' }
      @{ Name = 'd'; Script = '0402'; OnError = 'Explode' }
      @{ Name = 'e'; Script = '0402'; Retry = @{ MaxAttempts = 3; DelaySeconds = 1 }; OnFailure = @{ Message = 'x' } } ) }`,
    "a~: 0402; b~: 0402 <a; c: 0402 <b; d: 0402 <c; e: 0402 <d",
    { listed: ["onError", "OnFailure"] },
  ),
  psd1(
    "texts and blocks that are scripts",
    "@{ Sequence = @( @{ Name = 'a'; Script = { Write-Host 1 } }\n @{ Name = 'b'; Script = 'Write-Host 2' }\n @{ Name = 'c'; ScriptBlock = { 3 } }\n @{ Script = '0402 404' } ) }",
    "a: a; b: b <a; c: c <b; s-0402-404: 0402 0404 <c",
  ),
  json(
    "texts before and behind",
    { stages: [{ name: "a", preScript: "x", sequence: 402, postScript: "y" }] },
    "a: preScript 0402 postScript",
  ),
];

const around: readonly Variant[] = [
  json(
    "labels that are no texts, and an environment by its name",
    {
      name: "x",
      author: { name: "me" },
      description: ["a", "b"],
      tags: "a, b",
      environment: "staging",
      sequence: "0402",
    },
    "main: 0402",
    { listed: ["author", "environment"] },
  ),
  json(
    "one word for all errors, and one post action",
    { errorHandling: "Continue", stages: [{ name: "a", sequence: "0402" }], postActions: "0404" },
    "a: 0402; post-actions: 0404 <a",
  ),
  json(
    "a post action that is no list, beside what names features",
    {
      ...v2([{ name: "a", sequences: "0402" }]),
      postActions: { script: "0404" },
      notifications: true,
      reporting: "html",
    },
    "a: 0402; post-actions: 0404 <a",
    { listed: ["notifications", "reporting"] },
  ),
  json(
    "shares and bounds",
    v2([{ name: "a", sequences: "0402" }], {
      successCriteria: { minimumSuccessRate: "80%" },
      concurrency: { group: "g", maxConcurrency: 2 },
    }),
    "a: 0402",
  ),
];

const profiles = (own: unknown) =>
  v2(
    [
      { name: "Unit Tests", sequences: "0402" },
      { name: "Lint - Fast", sequences: "0404" },
    ],
    { profiles: own },
  );
const both = "unit-tests: 0402; lint-fast: 0404 <unit-tests";
const withProfiles: readonly Variant[] = [
  json("a profile of nothing", profiles({ p: null }), both, { profile: "P" }),
  json(
    "profiles in a list",
    profiles([{ name: "p", excludeStages: "LINT" }]),
    "unit-tests: 0402; -lint-fast: 0404 <unit-tests",
    { profile: "p" },
  ),
  json("empty lists", profiles({ p: { stages: [], excludeStages: [] } }), both, { profile: "p" }),
  json("a star", profiles({ p: { stages: ["*"] } }), both, { profile: "p" }),
  json(
    "a name that no stage has",
    profiles({ p: { excludeStages: ["Lint", "Unti Tests"] } }),
    "unit-tests: 0402; -lint-fast: 0404 <unit-tests",
    { profile: "p", says: ["20:6 unknown-stage"] },
  ),
];

const jobs: readonly Variant[] = [
  json("steps that are selectors", v3({ a: { steps: ["0402", 404, "0404-0405"] } }), "a: 0402 0404 0404 0405"),
  json(
    "a list of selectors in one step",
    v3({ a: { steps: [{ run: ["0400-0407", "!0404", "!405"] }] } }),
    "a: 0400 0402 0407",
  ),
  json(
    "a selector in place of steps",
    v3({ a: { run: "0402" }, b: { needs: "A", sequences: ["0404", "!0402"] } }),
    "a: 0402; b: 0404 <a",
  ),
  json("how many at once", v3({ a: { parallel: 2, steps: [{ run: "0402" }, { run: "0404" }] } }), "a=2: 0402 0404"),
  json(
    "Windows' paths",
    v3({
      a: { steps: [{ file: "automation-scripts\\0402_Unit.sh" }, { run: ".\\automation-scripts\\0404_Lint.sh" }] },
    }),
    "a: 0402_Unit.sh 0404",
  ),
  json(
    "times of several parts",
    v3({ a: { timeout: "1h 30m", steps: [{ run: "0402", timeout: "2m30s" }] } }),
    "a: 0402",
  ),
];

export const variants: readonly Variant[] = [...sequences, ...stages, ...words, ...around, ...withProfiles, ...jobs];
