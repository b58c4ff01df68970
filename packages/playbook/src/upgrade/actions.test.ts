import assert from "node:assert/strict";
import { test } from "node:test";
import { readPlaybook } from "../read.ts";

/** Upstream's shapes of hooks, post actions and artifacts. */

function read(top: object) {
  const text = JSON.stringify({ name: "old", stages: [{ name: "One", sequence: ["0402"] }], ...top });
  const found = readPlaybook(text, "old.json");
  assert.ok(found.ok);
  return { ...found.playbook.orchestration, notEnforced: found.notEnforced.map(({ where }) => where) };
}

test("post actions: inline text, numbers, modules, messages, conditions", () => {
  const { postActions, notEnforced } = read({
    postActions: [
      { description: "Text", type: "script", inline: "Write-Host 'a'" },
      { type: "script", command: "0510", parameters: { Format: "All" }, continueOnError: true },
      { type: "module", command: "New-TestReport", parameters: { Format: "HTML", Fast: true } },
      { type: "powershell", condition: "success", script: "Remove-Item x" },
      {
        description: "If",
        type: "conditional",
        condition: "{{docker}}",
        action: { type: "script", inline: "docker ps" },
      },
      { type: "display", message: "it's done" },
      { type: "openFile", path: "./a.html", condition: "fileExists" },
    ],
  });
  assert.deepEqual(postActions, [
    { name: "Text", script: "Write-Host 'a'", shell: "pwsh" },
    { run: "0510", with: { Format: "All" }, continueOnError: true },
    { script: "New-TestReport -Format 'HTML' -Fast:$true", shell: "pwsh" },
    { script: "Remove-Item x", shell: "pwsh", when: "success" },
    { name: "If", script: "docker ps", shell: "pwsh", if: "{{docker}}" },
    { name: "it's done", script: "printf '%s\\n' 'it'\\''s done'", shell: "sh" },
  ]);
  assert.deepEqual(notEnforced, ["postActions[6]"]);
});

test("hooks: pre, post and onError; what is no moment of a job is listed", () => {
  const { hooks, notEnforced } = read({
    hooks: {
      pre: { description: "Look", command: "git status --porcelain", validateOutput: true },
      post: { script: "Write-Host 'x'" },
      onError: { script: "Write-Warning 'y'" },
      PreCommit: { Enabled: true, Scripts: ["0404"] },
    },
  });
  assert.deepEqual(hooks, {
    before: [{ name: "Look", script: "git status --porcelain", shell: "sh" }],
    after: [{ script: "Write-Host 'x'", shell: "pwsh" }],
    onFailure: [{ script: "Write-Warning 'y'", shell: "pwsh" }],
  });
  assert.deepEqual(notEnforced, ["hooks.pre.validateOutput", "hooks.PreCommit"]);
});

test("hooks of a stage that are words for people are listed, not run", () => {
  const stages = [
    { name: "One", sequence: ["0402"], hooks: { pre: "Verify tests exist", post: "Check test results" } },
  ];
  const { jobs, notEnforced } = read({ stages });
  assert.equal(jobs["one"]?.hooks, undefined);
  assert.deepEqual(notEnforced, ["stages[0].hooks.pre", "stages[0].hooks.post"]);
});

test("artifacts: paths with labels, required and optional lists, switched off", () => {
  const { artifacts, notEnforced } = read({ artifacts: { paths: ["./a/*.xml"], retentionDays: 30, compress: true } });
  assert.deepEqual(artifacts, [{ paths: ["./a/*.xml"] }]);
  assert.deepEqual(notEnforced, ["artifacts.retentionDays", "artifacts.compress"]);
  const lists = read({ Artifacts: { Required: ["a.json"], Optional: ["b.json", "c/**"] } });
  assert.deepEqual(lists.artifacts, [{ paths: ["a.json"], required: true }, { paths: ["b.json", "c/**"] }]);
  assert.deepEqual(read({ artifacts: { enabled: false, comment: "no" } }).artifacts, []);
});

test("a rollback runs its scripts when the job failed", () => {
  const rollback = { Enabled: "{{on}}", AutoTrigger: true, Scripts: ["0736"], Variables: { Why: "{{on}}" } };
  const { postActions } = read({ Rollback: rollback, variables: { on: true } });
  assert.deepEqual(postActions, [
    { name: "Rollback 0736", run: "0736", with: { Why: "{{on}}" }, if: "{{on}}", when: "failure" },
  ]);
});

test("notifications: upstream's map of events; what is no event, and who is told otherwise, is listed", () => {
  const { notifications, notEnforced } = read({
    notifications: {
      onSuccess: {
        message: "done {{branch}}",
        level: "Success",
        channels: ["console", "github"],
        includeMetrics: true,
      },
      onFailure: { log: "at {{FailedStage}}" },
      onCoverageBelow: { log: "x" },
      email: { to: "a@b" },
    },
    OnSuccess: { Message: "all well", Actions: [{ Type: "Log" }] },
  });
  assert.deepEqual(notifications, [
    { on: ["success"], message: "done {{branch}}", log: true },
    { on: ["failure"], message: "at {FailedStage}", log: true },
    { on: ["success"], message: "all well", log: true },
  ]);
  assert.deepEqual(notEnforced, [
    "notifications.onSuccess.channels.github",
    "notifications.onSuccess.includeMetrics",
    "notifications.onCoverageBelow",
    "notifications.email",
    "OnSuccess.Actions",
  ]);
});

test("notifications of v3 say what is wrong with them, and where", () => {
  const jobs = { a: { steps: [{ script: ":" }] } };
  const notifications = [{ on: "sucess", log: true }, { on: "failure" }, { on: "failure", webhook: "ftp://x" }];
  const text = JSON.stringify({ metadata: { name: "x" }, orchestration: { notifications, jobs } });
  const found = readPlaybook(text, "x.json");
  assert.ok(!found.ok);
  assert.deepEqual(
    found.findings.map(({ message, path }) => [message, path.join(".")]),
    [
      ['`on` must name events, not "sucess"', "orchestration.notifications.0"],
      ["this notification tells nobody", "orchestration.notifications.1"],
      ['`webhook` must be an http or https address, not "ftp://x"', "orchestration.notifications.2"],
    ],
  );
});
