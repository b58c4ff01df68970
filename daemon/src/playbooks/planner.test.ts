import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Problem } from "@aither/protocol";
import { createPlanner } from "./planner.ts";

type Files = Readonly<Record<string, string>>;

async function workspaceOf(files: Files) {
  const path = await mkdtemp(join(tmpdir(), "aither-planner-"));
  const put = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  };
  for (const [name, text] of Object.entries(files)) await put(name, text);
  return {
    path,
    put,
    planner: createPlanner({ userPlaybooks: join(path, "user") }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

const v3 = (jobs: object, more: object = {}): string =>
  JSON.stringify({ metadata: { name: "it" }, orchestration: { jobs, ...more } }, null, 1);
const hello = v3({ a: { steps: [{ run: "0001" }] } });
const script = { "automation-scripts/0001_Hello.sh": "#!/bin/sh\n# Stage: Demo\n# Tags: one, two\necho hi\n" };
const env = { PATH: process.env["PATH"] ?? "" };

function code(problem: Problem): string {
  return problem.code.replace("AITHER_E_", "");
}

test("a playbook is found by file name, by its own name, by path, in each root and in the user's folder", async () => {
  const named = (name: string): string => hello.replace('"it"', JSON.stringify(name));
  await using workspace = await workspaceOf({
    ...script,
    "playbooks/by-file.json": named("own-name"),
    "orchestration/playbooks/deep/er/two.yaml": named("two"),
    ".aither/playbooks/three.json": named("three"),
    "user/mine.json": named("mine"),
    "elsewhere/odd.json": named("odd"),
  });
  const { planner, path } = workspace;
  for (const name of [
    "by-file",
    "OWN-NAME",
    "By-File.json",
    "two",
    "deep/er/two",
    "deep\\er\\TWO.yaml",
    "three",
    "mine",
    "elsewhere/odd.json",
    join(path, "elsewhere/odd.json"),
  ]) {
    const made = await planner.plan({ playbook: name, workspace: path, env });
    assert.ok(made.ok, `${name}: ${JSON.stringify(!made.ok && made.problem)}`);
    assert.equal(made.value.stages[0]?.legs?.[0]?.scripts[0]?.number, "0001");
  }
  const near = await planner.plan({ playbook: "by-fiel", workspace: path, env });
  assert.ok(!near.ok);
  assert.deepEqual([code(near.problem), near.problem.candidates], ["PLAYBOOK_NOT_FOUND", ["by-file"]]);
});

test("a name of two playbooks below one root is refused with their paths; one root stands before the next", async () => {
  const named = (name: string): string => hello.replace('"it"', JSON.stringify(name));
  await using workspace = await workspaceOf({
    ...script,
    "playbooks/a/deploy.json": named("a"),
    "playbooks/b/Deploy.yaml": named("b"),
    "playbooks/c.json": named("shared"),
    "playbooks/d.json": named("shared"),
    "playbooks/once.json": named("first"),
    ".aither/playbooks/once.json": named("second"),
    "user/once.json": named("third"),
  });
  const { planner, path } = workspace;
  const asked = async (playbook: string) => planner.plan({ playbook, workspace: path, env });
  for (const [name, candidates] of [
    ["deploy", ["playbooks/a/deploy.json", "playbooks/b/Deploy.yaml"]],
    ["shared", ["playbooks/c.json", "playbooks/d.json"]],
  ] as const) {
    const made = await asked(name);
    assert.ok(!made.ok, name);
    assert.deepEqual([code(made.problem), made.problem.candidates], ["PLAYBOOK_AMBIGUOUS", candidates]);
    assert.ok((await asked(candidates[1])).ok, candidates[1]);
  }
  const once = await asked("once");
  assert.equal(once.ok && once.value.name, "first");
});

test("a changed file is read anew, and one that cannot be read is listed with its error", async () => {
  await using workspace = await workspaceOf({ ...script, "playbooks/it.json": hello, "playbooks/bad.json": "{" });
  const { planner, path } = workspace;
  const names = async () => (await planner.listPlaybooks(path)).map(({ name, error }) => [name, error]);
  assert.deepEqual(await names(), [
    ["bad", "1:2: this is no JSON: a key in double quotes is expected"],
    ["it", null],
  ]);
  await workspace.put("playbooks/it.json", hello.replace('"it"', '"renamed"'));
  await workspace.put("automation-scripts/0002_New.sh", "#!/bin/sh\n");
  assert.deepEqual((await names())[1], ["renamed", null]);
  assert.deepEqual(
    (await planner.listScripts(path)).map(({ number }) => number),
    ["0001", "0002"],
  );
});

test("interpreters are found before the start, on the PATH of the request", async () => {
  await using workspace = await workspaceOf({
    ...script,
    "scripts/0002_Power.ps1": "param([string]$Who)\n",
    "scripts/0003_Snake.py": "print(1)\n",
    "scripts/0004_Node.mjs": "console.log(1)\n",
    "scripts/0005_Bare": "#!/usr/bin/env nosuchprogram -x\n",
    "scripts/0006_Dead": "no shebang\n",
    "bin/pwsh": "#!/bin/sh\n",
  });
  const { planner, path } = workspace;
  await chmod(join(path, "bin/pwsh"), 0o755);
  const run = (selector: string, PATH = env.PATH, variables = {}) =>
    planner.plan({ selector, workspace: path, env: { PATH }, variables });
  const missing = async (selector: string, PATH?: string): Promise<string> => {
    const made = await run(selector, PATH);
    return made.ok ? "" : `${code(made.problem)}: ${made.problem.detail} | ${made.problem.hint}`;
  };
  assert.match(
    await missing("0002", "/nonexistent"),
    /^INTERPRETER_MISSING: pwsh is missing: 0002_Power .*\| install PowerShell/,
  );
  assert.match(await missing("0003", "/nonexistent"), /python3 is missing/);
  assert.match(await missing("0005"), /nosuchprogram is missing/);
  assert.match(await missing("0006"), /0006_Dead is missing.*chmod \+x/);
  const power = await run("0002", join(path, "bin"), { who: "me" });
  assert.ok(power.ok);
  assert.deepEqual(power.value.stages[0]?.legs?.[0]?.scripts[0]?.run.argv, [
    join(path, "bin/pwsh"),
    "-NoProfile",
    "-NonInteractive",
    "-File",
    join(path, "scripts/0002_Power.ps1"),
    "-Who",
    "me",
  ]);
  const node = await run("0004", "/nonexistent");
  assert.equal(node.ok && node.value.stages[0]?.legs?.[0]?.scripts[0]?.run.argv[0], process.execPath);
});

test("run <selector> is a one-stage plan in the selector's order", async () => {
  await using workspace = await workspaceOf({ ...script, "scripts/0002_B.sh": "", "scripts/0003_C.sh": "" });
  const made = await workspace.planner.plan({ selector: "0003 0001-0002", workspace: workspace.path, env });
  assert.ok(made.ok);
  const [stage, ...others] = made.value.stages;
  assert.deepEqual(
    [made.value.format, made.value.file, others.length, stage?.legs?.[0]?.scripts.map(({ number }) => number)],
    ["selector", null, 0, ["0003", "0001", "0002"]],
  );
  const selected = await workspace.planner.selectScripts("tag:two 9 x?", workspace.path);
  assert.deepEqual(selected.ok && selected.value, { scripts: ["0001"], missing: ["0009"], unknown: ["x?"] });
});

test("two files with one number: the number is refused and names both, the name decides", async () => {
  await using workspace = await workspaceOf({ ...script, "scripts/0001_Other.sh": "" });
  const { planner, path } = workspace;
  const made = await planner.plan({ selector: "0001", workspace: path, env });
  assert.ok(!made.ok);
  assert.match(made.problem.detail, /0001_Hello and 0001_Other/);
  const byName = await planner.plan({ selector: "0001_Other", workspace: path, env });
  assert.equal(byName.ok && byName.value.stages[0]?.legs?.[0]?.scripts[0]?.name, "0001_Other");
  const shown = await planner.showScript("0001", path);
  assert.deepEqual(!shown.ok && shown.problem.candidates, ["0001_Hello", "0001_Other"]);
});

test("a preview shows what a start would refuse", async () => {
  const jobs = { a: { steps: [{ run: "0001,0777" }] }, b: { if: "Test-Path x", steps: [{ run: "0001" }] } };
  await using workspace = await workspaceOf({ ...script, "playbooks/it.json": v3(jobs) });
  const { planner, path } = workspace;
  const request = { playbook: "it", workspace: path, env };
  const start = await planner.plan(request);
  assert.ok(!start.ok);
  assert.deepEqual(
    [code(start.problem), start.problem.diagnostics?.map((one) => `${one.file}:${one.line} ${one.code}`)],
    ["SCRIPT_NOT_FOUND", ["playbooks/it.json:10 no-such-script", "playbooks/it.json:15 undecidable"]],
  );
  const preview = await planner.preview(request);
  assert.ok(preview.ok);
  const { obstacles, ...plan } = preview.value;
  const view = planner.planView(plan, obstacles);
  assert.deepEqual(view.obstacles, ["playbooks/it.json:15:11: `Test-Path x` cannot be evaluated here"]);
  assert.deepEqual([view.missing, view.stages.map(({ decision }) => decision)], [["0777"], ["run", "undecided"]]);
  const cycle = await planner.preview({
    ...request,
    playbook: undefined,
    text: v3({ a: { needs: "a", steps: [] } }),
  } as never);
  assert.equal(cycle.ok, false);
});

test("requirements are checked before the start", async () => {
  const text = (requirements: object): string =>
    JSON.stringify({
      metadata: { name: "r" },
      requirements,
      orchestration: { jobs: { a: { steps: [{ run: "0001" }] } } },
    });
  await using workspace = await workspaceOf(script);
  const { planner, path } = workspace;
  const why = async (requirements: object): Promise<string> => {
    const made = await planner.plan({ text: text(requirements), workspace: path, env: { ...env, KEY: "x" } });
    return made.ok ? "fine" : `${code(made.problem)} ${made.problem.detail}`;
  };
  assert.equal(
    await why({ platforms: ["Windows", "Linux", "macOS"], requiredTools: ["sh"], environment: ["KEY"] }),
    "fine",
  );
  assert.equal(await why({ platforms: ["CrossPlatform"] }), "fine");
  assert.match(await why({ platforms: ["Plan9"] }), /^REQUIREMENT_UNMET it runs on Plan9 only/);
  assert.match(
    await why({ requiredTools: ["nosuchtool"], environment: ["NOKEY"] }),
    /`nosuchtool` is not on PATH; .*NOKEY is not set/,
  );
});

test("too large, nowhere, and not there", async () => {
  await using workspace = await workspaceOf({ "playbooks/big.json": `{"a": "${"x".repeat(5_000_000)}"}` });
  const { planner, path } = workspace;
  const refusal = async (request: object): Promise<string> => {
    const made = await planner.plan({ workspace: path, env, ...request });
    return made.ok ? "" : code(made.problem);
  };
  assert.equal(await refusal({ playbook: "big" }), "PLAYBOOK_TOO_LARGE");
  assert.equal(await refusal({ text: " ".repeat(5_000_000) }), "PLAYBOOK_TOO_LARGE");
  assert.equal(await refusal({ playbook: "none" }), "PLAYBOOK_NOT_FOUND");
  assert.equal(await refusal({ playbook: "playbooks/none.json" }), "PLAYBOOK_NOT_FOUND");
  assert.equal(await refusal({ playbook: "big", workspace: join(path, "nowhere") }), "WORKSPACE_INVALID");
  assert.equal(await refusal({ selector: "tag:none" }), "SELECTOR_EMPTY");
});

test("validate gives every finding with its place, and what is declared and not enforced", async () => {
  const jobs = { a: { needs: "b", if: "x ==", sparkle: 1, steps: [{ run: "0001" }, { script: "{{who}}" }] } };
  await using workspace = await workspaceOf({ ...script, "playbooks/it.json": v3(jobs) });
  const { planner, path } = workspace;
  const found = await planner.validate({ playbook: "it", workspace: path });
  assert.equal(found.valid, false);
  assert.deepEqual(
    found.diagnostics.map(({ severity, code: kind, line }) => `${severity} ${kind} ${line}`),
    ["error unknown-need 8", "error bad-expression 9", "warning undefined-variable 16"],
  );
  assert.deepEqual(
    found.notEnforced.map(({ where }) => where),
    ["orchestration.jobs.a.sparkle"],
  );
  assert.equal(
    (await planner.validate({ playbook: "nope", workspace: path })).diagnostics[0]?.code,
    "playbook-not-found",
  );
  assert.equal((await planner.validate({ text: hello, workspace: path })).valid, true);
});
