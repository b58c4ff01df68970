import assert from "node:assert/strict";
import { statSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

test("logLimit keeps the ends of a log across kill -9 of the daemon, and every reader is told of the hole", async () => {
  await using cli = await Cli.create();
  const gate = join(cli.workspace.folder, "gate");
  const script = `seq 1 500000; while [ ! -e ${gate} ]; do sleep 0.02; done; seq 500001 1000000`;
  await cli.playbook("p", { s: { logLimit: "1MB", steps: [{ id: "count", script }] } });
  const { number } = await cli.json<{ number: number }>("orch", "p", "-d");
  const jobs = join(cli.workspace.places.state, "jobs");
  const log = await waitFor("a log", () => {
    const name = readdirSync(jobs, { recursive: true }).find((one) => String(one).endsWith(".log"));
    return name === undefined ? undefined : join(jobs, String(name));
  }).then((found) => String(found));
  await waitFor("the first half", () => statSync(log).size > 3_300_000);
  await cli.killDaemon();
  writeFileSync(gate, "");
  await waitFor("the second half", () => statSync(log).size === 6_888_896);
  assert.equal((await cli.run(["wait", String(number)])).code, 0);
  await waitFor("a cut", () => statSync(log).blocks * 512 < 1_400_000);
  const { stdout } = await cli.run(["logs", String(number)]);
  assert.match(stdout, /^1\n2\n3\n/);
  assert.match(stdout, /\n… [56]\.\d MB left out here …\n/);
  assert.match(stdout, /\n999999\n1000000\n$/);
  assert.ok(!stdout.includes("\u0000"));
  assert.ok(!(await cli.run(["logs", String(number), "--raw"])).stdout.includes("\u0000"));
});

test("a limit that is no size is refused with its place", async () => {
  await using cli = await Cli.create();
  const head = "metadata: {name: bad}\norchestration:\n  jobs:\n    s:\n      steps:\n";
  for (const [limit, words] of [
    ["50 apples", /`logLimit` is no size: "50 apples"/],
    ["10kB", /`logLimit` must be at least 1MB/],
    ["{head: 1MB}", /`tail` of `logLimit` is no size: null/],
    ["{tail: 1MB, middle: 2}", /has no `middle`/],
  ] as const) {
    await cli.workspace.write("playbooks/bad.yml", `${head}        - script: echo x\n          logLimit: ${limit}\n`);
    const { code, stdout, stderr } = await cli.run(["playbooks", "validate", "bad"]);
    assert.equal(code, 2);
    assert.match(stdout + stderr, words);
    assert.match(stdout + stderr, /bad\.yml:7:\d+/);
  }
  await cli.workspace.write("playbooks/bad.yml", `${head}        - script: echo x\n          logLimit: none\n`);
  assert.equal((await cli.run(["playbooks", "validate", "bad"])).code, 0);
});
