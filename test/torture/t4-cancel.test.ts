/** T4: jobs full of children that will not end are cancelled, again and again, while the daemon is killed. */
import assert from "node:assert/strict";
import { lstat, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { DaemonStatus } from "@aither/protocol";
import { setTimeout as delay } from "node:timers/promises";
import { Daemon } from "../rig/daemon.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";
import { Prng } from "../simulation/prng.ts";
import { askUntilAnswered } from "./lib/clients.ts";
import { hasPerl, hostileChildren, hostileScript, pidsIn, type Hostile } from "./lib/hostile.ts";
import { claimsOf, groupsOf, marked, named, read } from "./lib/machine.ts";
import { seedFor } from "./lib/seed.ts";

const PATIENCE_MS = 90_000;

function playbook(id: number, text: string): unknown {
  const steps = [{ name: `x${id}`, shell: "sh", env: { ID: String(id) }, script: text }];
  return { metadata: { name: `hostile-${id}`, version: "1.0.0" }, orchestration: { jobs: { s: { steps } } } };
}

async function start(daemon: Daemon, id: number, text: string): Promise<string> {
  const env = { ...daemon.workspace.env, LEDGER: daemon.workspace.path("ledger"), TOKEN: tokenOf(daemon) };
  return daemon.startJob(playbook(id, text), { env });
}

/** In the command line of those that shed everything else. */
function tokenOf(daemon: Daemon): string {
  return `hostile-${basename(daemon.workspace.root)}`;
}

/** What its children said who they are. */
async function pidsOf(daemon: Daemon, jobId: string, children: readonly Hostile[]): Promise<number[]> {
  const folder = join(await daemon.workspace.jobFolder(jobId), "scripts");
  return waitFor("all hostile children", async () => {
    const log = (await readdir(folder)).find((name) => name.endsWith(".log"));
    const pids = pidsIn(log === undefined ? "" : (read(join(folder, log)) ?? ""));
    return pids.length === children.length ? pids : null;
  });
}

async function cancel(daemon: Daemon, jobId: string): Promise<void> {
  const { status } = await askUntilAnswered({ daemon }, async () =>
    daemon.ask("POST", `/api/jobs/${jobId}/cancel`, {}),
  );
  // Refused when the job was faster: then there is nothing left to cancel.
  assert.ok(status === 202 || status === 200 || status === 409, `${status}`);
}

async function ended(daemon: Daemon, jobId: string): Promise<void> {
  const status = await waitFor(
    `the end of ${jobId}`,
    async () => {
      const job = await daemon.job(jobId).catch(() => null);
      return job !== null && job.endedAt !== null ? job.status : null;
    },
    PATIENCE_MS,
  );
  assert.equal(status, "Cancelled");
}

async function underCancel(t: TestContext, daemon: Daemon, unmarked: boolean): Promise<void> {
  const prng = new Prng(seedFor("t4"));
  const children = hostileChildren({ unmarked });
  const text = hostileScript(children);
  const jobIds = await Promise.all([1, 2, 3].map(async (id) => start(daemon, id, text)));
  const pids = (await Promise.all(jobIds.map(async (jobId) => pidsOf(daemon, jobId, children)))).flat();
  t.diagnostic(`${pids.length} hostile children`);
  for (const jobId of jobIds) await cancel(daemon, jobId);
  for (let death = 0; death < 4; death += 1) {
    await delay(prng.int(150, 900));
    await daemon.restart();
    const again = prng.pick(jobIds);
    await cancel(daemon, again);
  }
  for (const jobId of jobIds) await ended(daemon, jobId);
  assert.deepEqual(marked(new Set(jobIds)), []);
  assert.deepEqual(pids.filter(isAlive), []);
  assert.deepEqual(named(tokenOf(daemon)), []);
  await waitFor("the control groups to go", () => groupsOf(daemon.workspace.places.state).length === 0);
}

test("hostile children under a cancel, with the daemon killed all the time: nobody is left, nobody else is hit", async (t) => {
  await Daemon.with(
    async (daemon) => {
      await underCancel(t, daemon, false);
    },
    { env: { AITHER_CGROUP: "off" } },
  );
});

test("the same with control groups: nor is anybody left who has no mark at all", async (t) => {
  await Daemon.with(async (daemon) => {
    const { cgroup } = (await daemon.ask("GET", "/api/daemon")).body as DaemonStatus;
    if (typeof cgroup?.folder !== "string") t.skip(`skipped: ${cgroup?.why}`);
    else if (!hasPerl) t.skip("skipped: no perl here");
    else await underCancel(t, daemon, true);
  });
});

test("a cancel right behind the start: what was not claimed by then never is", async () => {
  const prng = new Prng(seedFor("t4"));
  await Daemon.with(async (daemon) => {
    const jobs: { jobId: string; ackedAtMs: number }[] = [];
    for (let id = 1; id <= 8; id += 1) {
      const jobId = await start(daemon, id, "sleep 600");
      if (prng.chance(0.5)) await delay(prng.int(0, 40));
      await cancel(daemon, jobId);
      jobs.push({ jobId, ackedAtMs: Date.now() });
      if (prng.chance(0.5)) await daemon.restart();
    }
    for (const { jobId, ackedAtMs } of jobs) {
      await ended(daemon, jobId);
      for (const { base, pid } of claimsOf(await daemon.workspace.jobFolder(jobId), jobId)) {
        if (pid > 0) assert.ok(await claimedBefore(`${base}.claim`, ackedAtMs), `${base} was claimed after its cancel`);
      }
    }
    assert.deepEqual(marked(new Set(jobs.map(({ jobId }) => jobId))), []);
  });
});

async function claimedBefore(path: string, ackedAtMs: number): Promise<boolean> {
  // The kernel stamps files with the time of its last tick.
  return (await lstat(path)).mtimeMs <= ackedAtMs + 10;
}
