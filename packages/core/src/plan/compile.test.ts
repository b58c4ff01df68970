import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, Playbook, ScriptEntry } from "@aither/protocol";
import { compile } from "./compile.ts";
import { indexScripts } from "./select.ts";

const scripts: ScriptEntry[] = ["0001_Prepare.sh", "0402_Test.ps1", "0404_Analyse.sh"].map((file) => ({
  number: file.slice(0, 4),
  name: file.replace(/\.\w+$/, ""),
  path: `/w/scripts/${file}`,
  stage: "",
  description: "",
  dependencies: [],
  tags: [],
  condition: null,
  allowParallel: null,
  parameters: file.endsWith(".ps1")
    ? [
        { name: "Path", type: "string", mandatory: true, values: [] },
        { name: "Fast", type: "switch", mandatory: false, values: [] },
        { name: "Map", type: "hashtable", mandatory: false, values: [] },
      ]
    : [],
}));

type Orchestration = Playbook["orchestration"];
type Request = { variables?: Record<string, Json>; profile?: string; assume?: boolean };

function plan(orchestration: Partial<Orchestration>, request: Request = {}, inputs?: Playbook["inputs"]) {
  const compiled = compile({
    playbook: {
      metadata: { name: "x" },
      orchestration: { jobs: {}, ...orchestration },
      ...(inputs && { inputs }),
    },
    format: "v3-jobs",
    file: null,
    digest: "",
    workspace: "/w",
    scripts: indexScripts(scripts),
    request: {
      variables: request.variables ?? {},
      profile: request.profile ?? null,
      assume: request.assume,
      timeoutMs: null,
    },
    around: { env: { CI: "1" }, platform: "linux" },
    resolveFile: (path) => (path === "tools/x.py" ? "/w/tools/x.py" : null),
    folder: (path) => (path === null ? "/w" : `/w/${path}`),
  });
  return { ...compiled, codes: compiled.findings.map(({ code }) => code) };
}

const one = { steps: [{ run: "0001" }] };

test("only needs order a v3 playbook; written order is for those that ask", () => {
  const jobs = { a: one, b: one, c: { ...one, needs: ["a"] }, d: one };
  assert.deepEqual(
    plan({ jobs }).plan.stages.map(({ id, needs, after }) => [id, needs, after]),
    [
      ["a", [], []],
      ["b", [], []],
      ["c", ["a"], []],
      ["d", [], []],
    ],
  );
  assert.deepEqual(
    plan({ jobs, order: "written" }).plan.stages.map(({ id, needs, after }) => [id, needs, after]),
    [
      ["a", [], []],
      ["b", [], ["a"]],
      ["c", ["a"], []],
      ["d", [], ["c"]],
    ],
  );
});

test("variables: step over stage over caller over profile over defaults; merged, and false, 0 and '' are values", () => {
  const orchestration: Partial<Orchestration> = {
    variables: { a: "default", b: "default", c: "default", d: "default", e: true, f: 5, g: "x", path: "{{a}}/{{B}}" },
    profiles: { p: { variables: { b: "profile", c: "profile", d: "profile" } } },
    jobs: { s: { variables: { d: "stage", own: "{{d}}-{{path}}" }, steps: [{ run: "0001", with: { z: "{{own}}" } }] } },
  };
  const request = { profile: "P", variables: { C: "caller", d: "caller", E: "false", f: "0", g: "" } };
  const made = plan(orchestration, request).plan;
  assert.equal(made.profile, "p");
  assert.deepEqual(made.variables, {
    a: "default",
    b: "profile",
    c: "caller",
    d: "caller",
    e: false,
    f: 0,
    g: "",
    path: "default/profile",
  });
  assert.deepEqual(made.stages[0]?.variables, { d: "stage", own: "stage-default/profile" });
  const env = made.stages[0]?.legs?.[0]?.scripts[0]?.run.env ?? {};
  assert.equal(env["AITHER_VAR_D"], "stage");
  assert.equal(env["AITHER_VAR_E"], "false");
  assert.equal(env["AITHER_VAR_G"], "");
  assert.equal(env["AITHER_VAR_Z"], "stage-default/profile");
  assert.equal(env["AITHERZERO_ROOT"], "/w");
  assert.equal(env["AITHERZERO_NONINTERACTIVE"], "1");
});

test("variables that speak of each other are resolved in any order, whatever they are called", () => {
  const variables = { constructor: "{{a}}", a: "{{b}}", b: 1, toString: "x{{c}}", c: "{{a}}", Path: "{{path}}/x" };
  const jobs = { s: { variables: { a: "{{b}}{{a}}" }, steps: [{ run: "0001" }] }, t: one };
  const made = plan({ variables, jobs }, { variables: { PATH: "/w" } }).plan;
  const wanted = { constructor: 1, a: 1, b: 1, toString: "x1", c: 1, Path: "/w" };
  assert.deepEqual(Object.entries(made.variables), Object.entries(wanted));
  const [s, t] = made.stages.map(({ legs }) => legs?.[0]?.scripts[0]?.run.env["AITHER_VAR_A"]);
  assert.deepEqual([s, t], ["11", "1"]);
});

test("inputs are typed, enumerated and demanded", () => {
  const inputs = {
    count: { type: "number", required: true },
    mode: { type: "string", default: "fast", enum: ["fast", "slow"] },
  };
  const jobs = { s: one };
  assert.deepEqual(plan({ jobs }, {}, inputs).codes, ["missing-input"]);
  assert.deepEqual(plan({ jobs }, { variables: { count: "x" } }, inputs).codes.includes("wrong-value"), true);
  assert.deepEqual(plan({ jobs }, { variables: { count: "3", mode: "wild" } }, inputs).codes, ["wrong-value"]);
  assert.deepEqual(plan({ jobs }, { variables: { COUNT: "3" } }, inputs).plan.variables, { mode: "fast", COUNT: 3 });
});

test("conditions are decided where that is possible, and kept where the run decides", () => {
  const jobs = {
    yes: { ...one, if: "{{on}}" },
    no: { ...one, if: "vars.on == false" },
    later: { ...one, if: "needs.yes.result == 'success'", needs: ["yes"] },
    always: { ...one, if: "${{ always() }}" },
    never: { ...one, if: "Test-Path './x'" },
  };
  const made = plan({ variables: { on: true }, jobs });
  assert.deepEqual(
    made.plan.stages.map(({ decision, condition }) => [decision, condition]),
    [
      ["run", null],
      ["skip", null],
      ["undecided", "needs.yes.result == 'success'"],
      ["run", "${{ always() }}"],
      ["undecided", null],
    ],
  );
  assert.deepEqual(made.codes, ["undecidable"]);
  const assumed = plan({ variables: { on: true }, jobs }, { assume: true });
  assert.deepEqual([assumed.plan.stages[4]?.decision, assumed.codes], ["run", []]);
});

test("a matrix gives legs with keys, values and environment; a profile's overrides replace its vectors", () => {
  const jobs = {
    m: { matrix: { os: ["l", "w"], v: "${{ vars.versions }}" }, steps: [{ run: "0001" }, { run: "0001" }] },
  };
  const orchestration = { variables: { versions: [1, 2] }, profiles: { one: { overrides: { OS: ["l"] } } }, jobs };
  const [stage] = plan(orchestration).plan.stages;
  assert.deepEqual(
    stage?.legs?.map(({ name }) => name),
    ["os=l, v=1", "os=l, v=2", "os=w, v=1", "os=w, v=2"],
  );
  assert.deepEqual(
    stage?.legs?.[3]?.scripts.map(({ key }) => key),
    ["m[3]/0001", "m[3]/0001-2"],
  );
  assert.equal(stage?.legs?.[3]?.scripts[0]?.run.env["AITHER_VAR_OS"], "w");
  assert.equal(plan(orchestration, { profile: "one" }).plan.stages[0]?.legs?.length, 2);
});

test("settings are turned into the plan's units", () => {
  const jobs = {
    s: {
      timeout: 60,
      parallel: "{{side}}",
      maxConcurrency: 3,
      continueOnError: "{{tolerant}}",
      maxParallel: 2,
      failFast: false,
      retries: 1,
      backoff: { initial: 2, factor: 1 },
      steps: [{ run: "0404", timeout: "{{limit}}", retries: 4, idempotent: true }, { run: "0001" }],
    },
  };
  const [stage] = plan({ variables: { side: true, tolerant: "true", limit: 7 }, jobs }).plan.stages;
  assert.deepEqual(
    [stage?.timeoutMs, stage?.parallel, stage?.continueOnError, stage?.maxParallel, stage?.failFast],
    [60_000, 3, true, 2, false],
  );
  const [first, second] = stage?.legs?.[0]?.scripts ?? [];
  assert.deepEqual(
    [first?.timeoutMs, first?.retries, first?.idempotent, first?.onInterrupted],
    [7_000, 4, true, "resume"],
  );
  assert.deepEqual([second?.timeoutMs, second?.retries, second?.onInterrupted], [null, 1, "fail"]);
  assert.deepEqual(first?.backoff, { initialMs: 2_000, factor: 1, maxMs: 60_000 });
});

test("PowerShell scripts get their declared parameters; a mandatory one that nothing gives is found before the start", () => {
  const jobs = { s: { steps: [{ run: "0402", with: { path: "a b", FAST: true, map: { x: 1 }, other: 1 } }] } };
  const [script] = plan({ jobs }).plan.stages[0]?.legs?.[0]?.scripts ?? [];
  assert.deepEqual(script?.run.argv.slice(3), ["-File", "/w/scripts/0402_Test.ps1", "-Path", "a b", "-Fast"]);
  assert.deepEqual(plan({ jobs: { s: { steps: [{ run: "0402" }] } } }).codes, ["missing-parameter"]);
});

test("inline text, files and what only the run knows", () => {
  const jobs = {
    s: {
      env: { A: "{{x}}" },
      steps: [
        { id: "mk", script: "echo ${{ matrix.a }} {{x}}", shell: "sh" },
        { file: "tools/x.py", env: { B: "${{ steps.mk.outputs.v }} {{x}}" }, workingDirectory: "sub" },
      ],
    },
  };
  const [inline, file] = plan({ variables: { x: "1" }, jobs }).plan.stages[0]?.legs?.[0]?.scripts ?? [];
  assert.deepEqual([inline?.run.argv, inline?.run.text, inline?.run.late], [["sh", "-e", "-c"], "echo  1", false]);
  assert.deepEqual([file?.run.argv, file?.run.cwd, file?.kind], [["python3", "/w/tools/x.py"], "/w/sub", "py"]);
  assert.deepEqual(
    [file?.run.env["A"], file?.run.env["B"], file?.run.late],
    ["1", "${{ steps.mk.outputs.v }} 1", true],
  );
});

test("mistakes are found, each with its code", () => {
  const rows: [Partial<Orchestration>, Request, string[]][] = [
    [{ jobs: {} }, {}, ["no-stages"]],
    [{ jobs: { a: { ...one, needs: "b" }, b: { ...one, needs: "a" } } }, {}, ["needs-cycle"]],
    [{ jobs: { a: { ...one, needs: "zz" } } }, {}, ["unknown-need"]],
    [{ jobs: { "a b": one } }, {}, ["bad-id"]],
    [{ jobs: { a: { steps: [{}] } } }, {}, ["empty-step"]],
    [{ jobs: { a: { steps: [{ run: "0999" }] } } }, {}, ["no-such-script"]],
    [{ jobs: { a: { steps: [{ run: "tag:none" }] } } }, {}, ["empty-selector"]],
    [{ jobs: { a: { steps: [{ run: "hm?" }] } } }, {}, ["bad-selector"]],
    [{ jobs: { a: { steps: [{ file: "no.sh" }] } } }, {}, ["no-such-file"]],
    [{ jobs: { a: { steps: [{ script: "x", shell: "fish" }] } } }, {}, ["unknown-shell"]],
    [{ jobs: { a: { steps: [{ uses: "actions/checkout@v4" }] } } }, {}, ["cannot-use"]],
    [{ jobs: { a: { steps: [{ script: "{{x}}" }] } } }, {}, ["undefined-variable"]],
    [{ jobs: { a: { ...one, if: "nope.x ==" } } }, {}, ["bad-expression"]],
    [{ jobs: { a: { ...one, matrix: { v: [] } } } }, {}, ["bad-matrix"]],
    [{ jobs: { a: { ...one, matrix: { v: [1], exclude: [{ v: 1 }] } } } }, {}, ["empty-matrix"]],
    [{ jobs: { a: { ...one, matrix: "${{ fromJSON(needs.b.outputs.m) }}" } } }, {}, ["unknown-need"]],
    [{ jobs: { a: { ...one, matrix: { v: "${{ job.status }}" } } } }, {}, ["bad-matrix"]],
    [
      {
        jobs: {
          a: {
            steps: [
              { id: "x", run: "1" },
              { id: "X", run: "1" },
            ],
          },
        },
      },
      {},
      ["duplicate-id"],
    ],
    [{ jobs: { a: one }, profiles: { quick: {} } }, { profile: "quik" }, ["no-such-profile"]],
  ];
  for (const [orchestration, request, codes] of rows) {
    const made = plan(orchestration, request);
    assert.deepEqual([...new Set(made.codes)], codes, JSON.stringify(orchestration));
  }
});

test("what concerns a skipped stage forbids no start", () => {
  const jobs = { a: { if: "false", steps: [{ run: "0999" }] }, b: one };
  const { findings, plan: made } = plan({ jobs });
  assert.deepEqual(
    findings.map(({ code, severity }) => [code, severity]),
    [["no-such-script", "warning"]],
  );
  assert.deepEqual([made.missing, made.stages[0]?.decision], [["0999"], "skip"]);
});

test("what each leg of a matrix finds is said once; a name in a profile that no stage has is a warning", () => {
  const steps = [{ script: "{{nope}}" }, { script: "{{nope}}" }];
  assert.deepEqual(
    plan({ jobs: { a: { matrix: { n: [1, 2, 3] }, steps } } }).codes,
    Array(2).fill("undefined-variable"),
  );
  const profiles = { p: { stages: ["a", "*"], excludeStages: ["bb"] } };
  const found = plan({ jobs: { a: one }, profiles }).findings;
  assert.deepEqual(
    found.map(({ severity, code, keys }) => [severity, code, keys]),
    [["warning", "unknown-stage", ["excludeStages", 0]]],
  );
});

test("a profile picks stages by id or by name", () => {
  const jobs = {
    a: { ...one, name: "Unit Tests - Parallel" },
    b: { ...one, name: "Lint" },
    c: { ...one, name: "Docs" },
  };
  const profiles = { without: { excludeStages: ["unit tests"] }, only: { stages: ["b", "docs"] } };
  const decisions = (profile: string) =>
    plan({ jobs, profiles }, { profile }).plan.stages.map(({ decision }) => decision);
  assert.deepEqual(decisions("without"), ["skip", "run", "run"]);
  assert.deepEqual(decisions("only"), ["skip", "run", "run"]);
});

test("of an old condition only the course of the run is left to be decided", () => {
  const rows: [condition: string, decision: string, left: string | null][] = [
    ["!cancelled() -and ($env:CI -eq '1')", "run", "!cancelled()"],
    ["!cancelled() -and ($env:CI -eq '2')", "skip", null],
    ["{{on}} -and failure()", "undecided", "failure()"],
    ["{{on}} -or failure()", "run", "always()"],
    ["{{on}} -and always()", "run", "always()"],
    ["failure() -or cancelled()", "undecided", "failure() || cancelled()"],
  ];
  for (const [condition, decision, left] of rows) {
    const [stage] = plan({ variables: { on: true }, jobs: { a: { ...one, if: condition } } }).plan.stages;
    assert.deepEqual([stage?.decision, stage?.condition], [decision, left], condition);
  }
});

test("a variable that is named like a context is most likely that of GitHub's language", () => {
  const fixes = (script: string) => plan({ jobs: { a: { steps: [{ script }] } } }).findings.map(({ fix }) => fix);
  assert.deepEqual(fixes("{{steps.x.y}}"), ["write ${{ steps.x.outputs.y }}, or {{steps.x.y:=DEFAULT}}"]);
  assert.deepEqual(fixes("{{ needs.b.result }}"), ["write ${{ needs.b.result }}, or {{needs.b.result:=DEFAULT}}"]);
  assert.deepEqual(fixes("{{other.x}}"), ["give it with --var other.x=VALUE, or write {{other.x:=DEFAULT}}"]);
});

test("a profile chooses among the playbook's own stages; what surrounds them stays, and says what it is", () => {
  const step = { script: "true" };
  const { plan: made } = plan(
    {
      hooks: { before: [step], onFailure: [step], after: [step] },
      postActions: [
        { ...step, name: "tell" },
        { ...step, name: "tidy", when: "always" },
      ],
      artifacts: [{ paths: ["x"] }],
      profiles: { q: { stages: ["a"] } },
      jobs: { a: one, b: one },
    },
    { profile: "q" },
  );
  assert.deepEqual(
    made.stages.map(({ id, name, decision }) => [id, name, decision]),
    [
      ["before", "Before", "run"],
      ["a", "a", "run"],
      ["b", "b", "skip"],
      ["post-actions", "Post actions: tell", "run"],
      ["post-actions-2", "Post actions: tidy", "run"],
      ["artifacts", "Artifacts", "run"],
      ["on-failure", "On failure", "undecided"],
      ["after", "After", "run"],
    ],
  );
});
