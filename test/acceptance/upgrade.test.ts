/** Another build of the daemon takes over while scripts run; commands and daemons of different age meet. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { daemonBundle, type Patch } from "../rig/bundle.ts";
import { Cli } from "../rig/cli.ts";
import { Daemon } from "../rig/daemon.ts";
import { assertWhole, gated, logOf, playbook, scriptPid, types } from "../rig/gated.ts";
import { isAlive } from "../rig/processes.ts";

const FILE = "packages/protocol/src/version.ts";
const version = (text: string): Patch => ({
  file: FILE,
  find: 'export const VERSION = "0.1.0";',
  replace: `export const VERSION = "${text}";`,
});
const protocol = (min: number, max: number): Patch => ({
  file: FILE,
  find: "export const PROTOCOL = { min: 1, max: 1 }",
  replace: `export const PROTOCOL = { min: ${min}, max: ${max} }`,
});

test("`daemon restart` into another build: what runs is adopted, its output whole, its code true", async () => {
  await Daemon.with(
    async (daemon) => {
      const { workspace } = daemon;
      const cli = Cli.of(workspace);
      const gate = workspace.path("gate");
      const jobs: { jobId: string; pid: number; code: number }[] = [];
      for (const code of [0, 7, 42]) {
        const jobId = await daemon.startJob(playbook({ script: gated(gate, code) }, { script: "echo after" }));
        jobs.push({ jobId, pid: await scriptPid(daemon, jobId, "stage1"), code });
      }
      assert.match((await cli.run(["daemon", "status"])).stdout, /aitherd 0\.0\.9, pid/);
      const skewed = await cli.run(["doctor"]);
      assert.match(
        skewed.stdout,
        /the daemon is 0\.0\.9, this command 0\.1\.0\n +→ aither daemon restart; scripts run on/,
      );
      // Another file at another place, with another version in it.
      const env = { AITHER_DAEMON_ENTRY: await daemonBundle([version("9.9.9")]) };
      const restarted = await cli.run(["daemon", "restart"], { env });
      assert.equal(restarted.code, 0, restarted.stderr);
      try {
        assert.match((await cli.run(["daemon", "status"])).stdout, /aitherd 9\.9\.9, pid/);
        for (const { pid } of jobs) assert.ok(isAlive(pid), "the script runs on");
        await writeFile(gate, "");
        for (const { jobId, pid, code } of jobs) {
          const job = await daemon.ended(jobId);
          assert.equal(job.status, code === 0 ? "Completed" : "Failed");
          assert.equal(await logOf(daemon, jobId, "stage1"), `begin ${pid}\nend\n`);
          const events = await daemon.events(jobId);
          assertWhole(events);
          assert.ok(types(events).includes("ScriptAdopted"));
          assert.equal(types(events).filter((type) => type === "ScriptScheduled").length, code === 0 ? 2 : 1);
          if (code === 0) continue;
          assert.deepEqual((await daemon.event(jobId, "ScriptFailed")).failure, { kind: "exit", code });
        }
      } finally {
        await cli.run(["daemon", "stop"]);
      }
    },
    { patches: [version("0.0.9")] },
  );
});

for (const [name, range, words] of [
  ["newer", protocol(2, 3), /speaks protocol 2-3, this client 1 to 1/],
  ["older", protocol(0, 0), /speaks protocol 0-0, this client 1 to 1/],
] as const) {
  test(`a command and a ${name} daemon that do not understand each other say so, and a restart mends it`, async () => {
    await Daemon.with(
      async (daemon) => {
        const { workspace } = daemon;
        const gate = workspace.path("gate");
        const jobId = await daemon.startJob(playbook(gated(gate)));
        const pid = await scriptPid(daemon, jobId, "stage1");
        const cli = Cli.of(workspace);
        const refused = await cli.run(["jobs", "list"]);
        assert.notEqual(refused.code, 0);
        assert.match(refused.stderr, words);
        assert.match(refused.stderr, /aither daemon restart/);
        const doctor = await cli.run(["doctor"]);
        assert.equal(doctor.code, 1);
        assert.match(doctor.stdout, words);
        assert.match(doctor.stdout, /→ aither daemon restart; scripts run on/);
        const env = { AITHER_DAEMON_ENTRY: await daemonBundle() };
        const restarted = await cli.run(["daemon", "restart"], { env });
        assert.equal(restarted.code, 0, restarted.stderr);
        assert.equal((await cli.run(["jobs", "list"])).code, 0);
        assert.ok(isAlive(pid));
        await writeFile(gate, "");
        assert.equal((await daemon.ended(jobId)).status, "Completed");
        assert.equal((await cli.run(["daemon", "stop"])).code, 0);
      },
      { patches: [range] },
    );
  });
}
