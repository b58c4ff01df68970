// What a newcomer does first, as the README says it: from the built bundles, in a home of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { JobDetail } from "@aither/protocol";
import { Workspace } from "../rig/workspace.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const aither = join(root, "bin", "aither");

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

let workspace: Workspace;

before(async () => {
  workspace = await Workspace.create();
});

after(async () => {
  await run(aither, ["daemon", "stop"]);
  await workspace[Symbol.asyncDispose]();
});

test("npm run quickstart: every promise of the playbook is kept", async () => {
  const { code, stdout, stderr } = await run(aither, ["orch", "quickstart"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /That was a job/);
  assert.doesNotMatch(stdout + stderr, /\u001b/, "no escape code reaches a pipe");

  const job = JSON.parse((await run(aither, ["jobs", "status", "latest", "--json"])).stdout) as JobDetail;
  assert.equal(job.status, "Completed");
  const stages = Object.fromEntries(job.stages.map((stage) => [stage.id, stage]));
  assert.deepEqual(
    job.stages.map((stage) => [stage.id, stage.status]),
    [
      ["prepare", "Completed"],
      ["build", "Completed"],
      ["verify", "Completed"],
      ["publish", "Skipped"],
      ["report", "Completed"],
    ],
  );
  assert.equal(stages["build"]?.legs.length, 4, "a 2 × 2 matrix");
  const flaky = stages["verify"]?.legs[0]?.scripts.find((script) => script.name === "A flaky check");
  assert.deepEqual(
    flaky?.attempts.map((attempt) => attempt.exitCode),
    [1, 0],
    "a retry that succeeds",
  );
});

async function run(command: string, argv: readonly string[]): Promise<Ended> {
  const child = spawn(command, argv, { cwd: root, env: workspace.env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { code, stdout, stderr };
}
