/** Control groups of attempts: who cannot be known by anything else is known by them; and all goes on without. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { DaemonStatus, Problem } from "@aither/protocol";
import { cgroupPids, readProcessStat } from "@aither/supervise";
import { daemonBundle } from "../rig/bundle.ts";
import { Daemon } from "../rig/daemon.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";
import { playbook } from "../rig/gated.ts";

/** It sheds session, environment and output, and says its pid into a file. */
const ghost = (pidFile: string): string =>
  `setsid env -i /bin/sh -c 'echo $$ > "${pidFile}"; exec /bin/sleep 600 >/dev/null 2>&1' &`;

async function used(daemon: Daemon): Promise<NonNullable<DaemonStatus["cgroup"]>> {
  const { cgroup } = (await daemon.ask("GET", "/api/daemon")).body as DaemonStatus;
  assert.ok(cgroup !== undefined && (cgroup.folder === null) !== (cgroup.why === null));
  return cgroup;
}

/** With the folder of this home's groups; skipped where this machine gives none. */
async function withGroups(t: TestContext, run: (daemon: Daemon, folder: string) => Promise<void>): Promise<void> {
  const folders: string[] = [];
  await Daemon.with(async (daemon) => {
    const { folder, why } = await used(daemon);
    if (folder === null) {
      t.skip(`skipped: ${why}`);
      return;
    }
    folders.push(folder);
    await run(daemon, folder);
  });
  assert.deepEqual(
    folders.filter((folder) => existsSync(folder)),
    [],
    "left behind",
  );
}

function groupsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
}

async function ghostPid(file: string): Promise<number> {
  return waitFor("the ghost", () => existsSync(file) && Number(readFileSync(file, "utf8").trim()));
}

async function post(daemon: Daemon, jobId: string, verb: string, body: object = {}): Promise<void> {
  const { status, text } = await daemon.ask("POST", `/api/jobs/${jobId}/${verb}`, body);
  assert.ok(status === 200 || status === 202, text);
}

test("a cancel ends who shed every mark, also after kill -9, and takes the group away", async (t) => {
  await withGroups(t, async (daemon, folder) => {
    const file = daemon.workspace.path("pid");
    const jobId = await daemon.startJob(playbook(`${ghost(file)}\ntrap '' TERM; while :; do sleep 1; done`));
    const pid = await ghostPid(file);
    const [name = ""] = groupsIn(folder);
    assert.ok(name.startsWith(`${jobId}.`), name);
    const { handle } = await daemon.event(jobId, "ScriptStarted");
    assert.equal(cgroupPids(join(folder, name)).includes(handle.pid), false, "the wrapper stays outside");
    assert.equal(cgroupPids(join(folder, name)).includes(daemon.pid), false);
    await daemon.restart();
    await post(daemon, jobId, "cancel");
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Cancelled");
    assert.equal(isAlive(pid), false);
    await waitFor("the group to go", () => groupsIn(folder).length === 0);
  });
});

test("whoever is left after a normal end is told exactly, and keeps its group until it ends", async (t) => {
  await withGroups(t, async (daemon, folder) => {
    const file = daemon.workspace.path("pid");
    const jobId = await daemon.startJob(playbook(`${ghost(file)}\nuntil [ -s "${file}" ]; do :; done`));
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    const pid = await ghostPid(file);
    const { leftovers } = await daemon.event(jobId, "ScriptCompleted");
    assert.deepEqual(leftovers, [pid]);
    assert.equal(groupsIn(folder).length, 1);
    process.kill(pid, "SIGKILL");
    await daemon.restart();
    await waitFor("the next daemon to take it away", () => groupsIn(folder).length === 0);
  });
});

test("a pause with its processes stops who shed every mark, and they go on", async (t) => {
  await withGroups(t, async (daemon) => {
    const [file, gate] = [daemon.workspace.path("pid"), daemon.workspace.path("gate")];
    const jobId = await daemon.startJob(playbook(`${ghost(file)}\nuntil [ -e "${gate}" ]; do sleep 0.02; done`));
    const pid = await ghostPid(file);
    await post(daemon, jobId, "pause", { freeze: true });
    await waitFor("it to stand", () => readProcessStat(pid)?.state === "T");
    await daemon.restart();
    await post(daemon, jobId, "resume");
    await waitFor("it to go on", () => readProcessStat(pid)?.state === "S");
    writeFileSync(gate, "");
    await daemon.ended(jobId);
    process.kill(pid, "SIGKILL");
  });
});

test("groups that a dead daemon left are swept, those of running scripts are not", async (t) => {
  await withGroups(t, async (daemon, folder) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook(`until [ -e "${gate}" ]; do sleep 0.02; done`));
    await daemon.event(jobId, "ScriptStarted");
    await daemon.kill();
    mkdirSync(join(folder, "stale.x.1"));
    await daemon.launch();
    await waitFor("the sweep", () => !groupsIn(folder).includes("stale.x.1"));
    assert.equal(groupsIn(folder).length, 1);
    writeFileSync(gate, "");
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    await waitFor("the last group to go", () => groupsIn(folder).length === 0);
  });
});

test("a daemon that finds itself in the group of a script leaves it", async (t) => {
  await withGroups(t, async (daemon, folder) => {
    const jobId = await daemon.startJob(playbook("trap '' TERM; while :; do sleep 1; done"));
    await daemon.event(jobId, "ScriptStarted");
    const [name = ""] = groupsIn(folder);
    await daemon.kill();
    // As when the script itself starts the next daemon: whoever starts it is in there, and so is its child.
    const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
    writeFileSync(join(folder, name, "cgroup.procs"), String(process.pid));
    try {
      await daemon.launch();
    } finally {
      writeFileSync(join(folder, "..", "cgroup.procs"), String(process.pid));
    }
    assert.equal(/^0::(.*)$/m.exec(readFileSync(`/proc/${daemon.pid}/cgroup`, "utf8"))?.[1], own);
    await post(daemon, jobId, "cancel");
    assert.equal((await daemon.ended(jobId)).status, "Cancelled");
    assert.ok(isAlive(daemon.pid));
  });
});

test("switched off: nothing is made, and daemon and status say why", async () => {
  await Daemon.with(
    async (daemon) => {
      const { folder, why } = await used(daemon);
      assert.equal(folder, null);
      assert.match(why ?? "", /setting cgroup is off|no cgroup v2|not ours|has none/);
      assert.equal((await daemon.ended(await daemon.startJob(playbook("exit 0")))).status, "Completed");
      assert.equal(existsSync(join(daemon.workspace.places.state, "cgroups")), false);
    },
    { env: { AITHER_CGROUP: "off" } },
  );
});

test("a setting that is neither auto nor off is refused", async () => {
  await using daemon = await Daemon.start();
  await daemon.stop();
  const { places, env } = daemon.workspace;
  const argv = [await daemonBundle(), "--home", places.home];
  const { status, stderr } = spawnSync(process.execPath, argv, {
    env: { ...env, AITHER_CGROUP: "yes" },
    encoding: "utf8",
  });
  assert.equal(status, 2);
  assert.equal((JSON.parse(stderr) as Problem).detail, 'AITHER_CGROUP: cgroup must be one of auto, off, not "yes"');
});
