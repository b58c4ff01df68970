import assert from "node:assert/strict";
import { test } from "node:test";
import { pointAt } from "./point.ts";
import { readPlaybook } from "./read.ts";

async function diagnostics(text: string, file: string): Promise<string[]> {
  const read = readPlaybook(text, file);
  const found = await pointAt(read.findings, read.source);
  return found.map(({ line, col, code, message }) => `${line}:${col} ${code} ${message}`);
}

test("formats are told by what is in the file", () => {
  const rows: [text: string, file: string, format: string][] = [
    ['{"metadata": {"name": "x"}, "orchestration": {"jobs": {}}}', "x.json", "v3-jobs"],
    ["metadata: {name: x}\nOrchestration: {Stages: [{name: a, sequences: ['0402']}]}", "x.yml", "v2-stages"],
    ['{"Name": "x", "Stages": [{"Name": "a", "Sequence": ["0402"]}]}', "x.json", "v1-stages"],
    ['{"Sequence": ["0402", 404]}', "x.json", "v1-sequence"],
    ['{"Sequence": [{"Step": "0402"}]}', "x.json", "v1-sequence-objects"],
    ['{"stages": {"a": {"scripts": ["0402"]}}, "executionOrder": ["a"]}', "x.json", "json-stage-map"],
    ["@{ Sequence = @( @{ Script = '0402' } ) }", "x.psd1", "psd1-sequence"],
    ["@{ Scripts = @( @{ Number = '0402' } ) }", "x.psd1", "psd1-scripts"],
    ["@{ Stages = @( @{ Name = 'a'; Sequence = '0402' } ) }", "x.psd1", "psd1-stages"],
    // Unsaved text has no name to go by.
    ['\uFEFF{"Sequence": [1]}', "", "v1-sequence"],
    ["# psd1\n@{ Sequence = '0402' }", "", "psd1-sequence"],
    ["Sequence: [0402]", "", "v1-sequence"],
  ];
  for (const [text, file, format] of rows) {
    const read = readPlaybook(text, file === "" ? null : file);
    assert.ok(read.ok, `${text}: ${JSON.stringify(read.findings)}`);
    assert.equal(read.format, format, text);
    const runs = Object.values(read.playbook.orchestration.jobs).flatMap((stage) => stage.steps.map(({ run }) => run));
    assert.ok(format === "v3-jobs" || runs.length > 0, text);
  }
});

test("what is wrong is said at its place, in every syntax", async () => {
  const rows: [text: string, file: string, wanted: RegExp][] = [
    [
      "metadata: {name: x}\norchestration:\n  jobs:\n    a:\n      timeout: soon\n      steps: []\n",
      "a.yaml",
      /^5:16 wrong-type .*orchestration\.jobs\.a\.timeout.*"soon"/,
    ],
    [
      "metadata:\n  name: x\norchestration:\n  jobs:\n    a:\n      steps:\n        - just text\n",
      "a.yaml",
      /^7:11 wrong-type/,
    ],
    [
      '{\n "metadata": {"name": "x"},\n "orchestration": {"stages": [{"name": "a", "sequences": [{}], "retries": -1}]}\n}',
      "a.json",
      /^3:75 wrong-type .*retries/,
    ],
    [
      "@{\n Stages = @(\n  @{ Name = 'a'\n     Timeout = 'x' }\n )\n}",
      "a.psd1",
      /^4:16 wrong-type .*Stages\[0\]\.Timeout/,
    ],
    ["a: [1,\nb: 2", "a.yaml", /^2:1 yaml-syntax/],
    ['{"a": 1,\n "b": }', "a.json", /^2:7 json-syntax .*a value is expected/],
    ['{"a": [1,, 2]}', "a.json", /^1:10 json-syntax .*a value is expected/],
    ['{ // c\n "a": 1, /* d */ b }', "a.json", /^2:18 json-syntax .*a key in double quotes/],
    ['{"a": 1', "a.json", /^1:8 json-syntax/],
    ["sequence:\n- 04*\n- !0404\n", "a.yaml", /^3:3 yaml-syntax .*tag/],
    ["name: {{x}}\n", "a.yaml", /^1:7 yaml-syntax/],
    ["sequence: ['0402']\n---\na: 1\n", "a.yaml", /^2:1 yaml-syntax .*single document/],
    ["stages:\n- name: a\n  script: |\n    if: ! x\n  condition: ! failure()\n", "a.yaml", /^5:14 lost-negation/],
    ["stages: [{name: a, if: ! failure(), sequence: '0402'}]\n", "a.yaml", /^1:24 lost-negation/],
    ["@{ a = 1", "a.psd1", /^1:1 psd1-syntax/],
    ["- a\n- b\n", "a.yaml", /not-a-playbook a playbook is a map, not a list/],
    ["", "a.yaml", /not-a-playbook .*an empty file/],
    ["name: x\n", "a.yaml", /^1:1 not-a-playbook this file has no stages: neither/],
    ["name: x\norchestraton: {jobs: {}}\n", "a.yaml", /^2:1 not-a-playbook .*`orchestraton` means nothing/],
    ['{"orchestration": {\n "jbos": {}}}', "a.json", /^2:2 not-a-playbook .*`jbos` means nothing/],
    [
      "orchestration: {jobs: {a: {\n steps: echo hi}}}\n",
      "a.yaml",
      /^2:9 wrong-type .*steps` must be a list, not the text/,
    ],
  ];
  for (const [text, file, wanted] of rows) {
    const read = readPlaybook(text, file);
    assert.equal(read.ok, false, text);
    assert.match((await diagnostics(text, file)).join("\n"), wanted, text);
  }
});

test("unknown keys are kept and reported, never refused", () => {
  const read = readPlaybook(
    JSON.stringify({
      metadata: { name: "x", mood: "good" },
      orchestration: { jobs: { a: { steps: [{ run: "1", sparkle: true }], glow: 3 } } },
    }),
    "x.json",
  );
  assert.ok(read.ok);
  assert.deepEqual(read.notEnforced.map(({ where }) => where).sort(), [
    "metadata.mood",
    "orchestration.jobs.a.glow",
    "orchestration.jobs.a.steps[0].sparkle",
  ]);
  const job = read.playbook.orchestration.jobs["a"] as unknown as Record<string, unknown>;
  assert.equal(job["glow"], 3);
});

test("old formats keep their meaning in the v3 model", () => {
  const read = readPlaybook(
    `@{
      Name = 'x'
      Variables = @{ A = '$Variables.B'; B = 1 }
      Options = @{ Profiles = @{ quick = @{ ExcludeStages = @('b') } } }
      Sequence = @(
        @{ Script = '0001'; Description = 'first'; ContinueOnError = $true; Timeout = 5; RetryCount = 2 }
        @{ Script = '0002'; Parallel = $true; Group = 1 }
        @{ Script = '0003'; Parallel = $true; Group = 1; Parameters = @{ P = '$(B)' } }
        @{ Script = '0004'; Condition = { $IsWindows } }
      )
    }`,
    "x.psd1",
  );
  assert.ok(read.ok);
  const { orchestration } = read.playbook;
  assert.equal(orchestration.order, "written");
  assert.deepEqual(orchestration.variables, { A: "{{B}}", B: 1 });
  assert.deepEqual(orchestration.profiles, { quick: { excludeStages: ["b"] } });
  const jobs = Object.entries(orchestration.jobs);
  assert.deepEqual(
    jobs.map(([id, { after }]) => [id, after]),
    [
      ["first", undefined],
      ["s-0002", ["first"]],
      ["s-0003", ["first"]],
      ["s-0004", ["s-0002", "s-0003"]],
    ],
  );
  assert.deepEqual(
    jobs[0]?.[1].steps,
    [{ run: "0001", continueOnError: true, name: "first", description: "first" }].map(
      ({ name, description, ...rest }) => ({ name, description, ...rest }),
    ),
  );
  assert.deepEqual([jobs[0]?.[1].timeout, jobs[0]?.[1].retries], [5, 2]);
  assert.deepEqual(jobs[2]?.[1].steps[0]?.with, { P: "{{B}}" });
  assert.equal(jobs[3]?.[1].if, "$IsWindows");
});

test("parallel groups and v2's own matrix", () => {
  const read = readPlaybook(
    JSON.stringify({
      metadata: { name: "x" },
      orchestration: {
        stages: [
          {
            name: "Group",
            type: "parallel-group",
            maxConcurrency: 2,
            jobs: [
              { name: "j1", sequence: ["0402"], variables: { a: 1 } },
              { name: "j2", sequence: ["0403"] },
            ],
          },
          {
            name: "Matrix",
            sequences: ["0402"],
            variables: { EnableMatrix: true, MatrixDimensions: { os: ["l"] }, keep: 1 },
          },
        ],
      },
    }),
    "x.json",
  );
  assert.ok(read.ok);
  const [group, matrix] = Object.values(read.playbook.orchestration.jobs);
  assert.equal(group?.parallel, true);
  assert.deepEqual(group?.steps, [
    { run: "0402", name: "j1", with: { a: 1 } },
    { run: "0403", name: "j2" },
  ]);
  assert.deepEqual([matrix?.matrix, matrix?.variables], [{ os: ["l"] }, { keep: 1 }]);
});

test("options of an old file hold for all its stages", () => {
  const text = (options: string): string =>
    `@{ Options = @{ ${options} }; Sequence = @(
      @{ Script = '1'; Parallel = $true; Group = 1 }, @{ Script = '2'; Parallel = $true; Group = 1; Condition = '{{x}}' }
    ) }`;
  const read = (options: string) => {
    const result = readPlaybook(text(options), "x.psd1");
    assert.ok(result.ok);
    return result.playbook.orchestration;
  };
  const loose = read("StopOnError = $false; MaxConcurrency = 3");
  assert.deepEqual(
    Object.values(loose.jobs).map((stage) => stage.if),
    ["!cancelled()", "!cancelled() -and ({{x}})"],
  );
  assert.deepEqual([loose.maxConcurrency, loose.jobs["s-2"]?.after], [3, []]);
  const strict = read("Parallel = $false; StopOnError = $true");
  assert.deepEqual(
    Object.values(strict.jobs).map((stage) => [stage.if, stage.after]),
    [
      [undefined, undefined],
      ["{{x}}", undefined],
    ],
  );
});

test("what old files write loosely is read, not refused", () => {
  const read = readPlaybook(
    JSON.stringify({
      Requirements: { Tools: [{ name: "git" }], Platforms: "Linux" },
      Environment: { A: "1", B: 2, Paths: ["x"] },
      Variables: [],
      Stages: [
        { Name: "First One", Sequence: "0402", Timeout: "5 minutes" },
        { Name: "b", Sequence: ["0403"], DependsOn: ["First One"] },
      ],
    }),
    "x.json",
  );
  assert.ok(read.ok, JSON.stringify(read.findings));
  const { orchestration, requirements } = read.playbook;
  assert.deepEqual(orchestration.env, { A: "1", B: "2" });
  assert.deepEqual([requirements?.platforms, requirements?.requiredTools], [["Linux"], ["git"]]);
  assert.deepEqual(
    read.notEnforced.map(({ where }) => where),
    ["Environment.Paths"],
  );
  assert.equal(orchestration.jobs["first-one"]?.timeout, 300);
});

test("a few bytes that stand for millions of values, and a value that contains itself, are refused", async () => {
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i += 1)
    bomb.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  for (const text of [bomb.join("\n"), "a: &a\n  b: *a\n"]) {
    const read = readPlaybook(text, "x.yaml");
    assert.equal(read.ok, false);
    assert.deepEqual(
      read.findings.map(({ code }) => code),
      ["too-many-values"],
    );
  }
});

test("each part of a model knows where it was written, copies with a default filled in among them", () => {
  const read = readPlaybook(
    JSON.stringify({
      Name: "x",
      Stages: [
        { Name: "a", Sequence: ["0402", "0404"], ContinueOnError: true },
        { Name: "b", Sequence: [{ Script: "0405", Undo: "true" }] },
      ],
    }),
    "x.json",
  );
  assert.ok(read.ok);
  const { metadata, orchestration } = read.playbook;
  const [a, b] = Object.values(orchestration.jobs);
  assert.equal(a?.steps[1]?.continueOnError, true);
  const rows: [part: object | undefined, path: readonly (string | number)[]][] = [
    [read.playbook, []],
    [metadata, []],
    [a, ["Stages", 0]],
    [a?.steps[1], ["Stages", 0, "Sequence", 1]],
    [b?.steps[0], ["Stages", 1, "Sequence", 0]],
    [{ no: "part of it" }, []],
  ];
  for (const [part, path] of rows) assert.deepEqual(read.pathOf(part!), path);
});
