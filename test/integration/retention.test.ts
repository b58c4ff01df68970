import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Patch } from "../rig/bundle.ts";
import { Daemon } from "../rig/daemon.ts";
import { gated, playbook, scriptPid } from "../rig/gated.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

const FILE = "daemon/src/store/retention.ts";
const REMOVALS = "daemon/src/store/removals.ts";

/** A day lasts a second, and it is looked ten times a second. */
const quickDays: readonly Patch[] = [
  { file: FILE, find: "const DAY_MS = 86_400_000;", replace: "const DAY_MS = 1_000;" },
  { file: FILE, find: "const LOOK_EVERY_MS = 3_600_000;", replace: "const LOOK_EVERY_MS = 100;" },
];

type Row = { readonly jobId: string; readonly number: number; readonly status: string };

async function listed(daemon: Daemon): Promise<Row[]> {
  const { body } = await daemon.ask("GET", "/api/jobs?limit=200");
  return (body as { jobs: Row[] }).jobs;
}

async function numbers(daemon: Daemon): Promise<number[]> {
  return (await listed(daemon)).map(({ number }) => number).sort((a, b) => a - b);
}

async function ended(daemon: Daemon, count: number): Promise<string[]> {
  const jobIds: string[] = [];
  for (let at = 0; at < count; at += 1) jobIds.push(await daemon.startJob(playbook("echo done")));
  for (const jobId of jobIds) await daemon.ended(jobId);
  await putAway(daemon, jobIds);
  return jobIds;
}

/** An ended job is in the index once it has left `active/`. */
async function putAway({ workspace }: Daemon, jobIds: readonly string[]): Promise<void> {
  const active = join(workspace.places.state, "active");
  await waitFor("them to be put away", async () => !(await readdir(active)).some((jobId) => jobIds.includes(jobId)));
}

/** Ids of all job folders there are. */
async function folders({ places: { state } }: Workspace): Promise<string[]> {
  const found: string[] = [];
  for (const date of await readdir(join(state, "jobs"))) found.push(...(await readdir(join(state, "jobs", date))));
  return found;
}

async function indexLines({ places: { state } }: Workspace): Promise<string[]> {
  const months = await readdir(join(state, "index"));
  const texts = await Promise.all(months.map(async (month) => readFile(join(state, "index", month), "utf8")));
  return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
}

test("nothing goes by itself unless the settings say so", async () => {
  await Daemon.with(
    async (daemon) => {
      await ended(daemon, 3);
      await delay(500);
      assert.deepEqual(await numbers(daemon), [1, 2, 3]);
    },
    { patches: quickDays },
  );
});

test("keepDays: jobs that ended longer ago go, whole; what runs or is queued stays, however old", async () => {
  await Daemon.with(
    async (daemon) => {
      const gate = daemon.workspace.path("gate");
      const running = await daemon.startJob(playbook(gated(gate)));
      const queued = await daemon.startJob(playbook("echo later"), {
        at: new Date(Date.now() + 3_600_000).toISOString(),
      });
      await scriptPid(daemon, running, "stage1");
      const [old = ""] = await ended(daemon, 1);
      const folder = await daemon.workspace.jobFolder(old);
      assert.ok(existsSync(join(folder, "env.json")));
      await waitFor("the removal of the old job", async () => (await numbers(daemon)).length === 2);
      const removing = join(daemon.workspace.places.state, "removing");
      await waitFor("its files to be gone", async () => !existsSync(folder) && (await readdir(removing)).length === 0);
      assert.deepEqual((await listed(daemon)).map(({ jobId }) => jobId).sort(), [running, queued].sort());
      assert.equal((await daemon.ask("GET", `/api/jobs/${old}`)).status, 404);
      await daemon.ask("POST", `/api/jobs/${queued}/cancel`, {});
      await writeFile(gate, "");
      await waitFor("the end and removal of the others", async () => (await numbers(daemon)).length === 0);
      // Numbers are never given out twice, also not when nothing is left that had one.
      await daemon.restart();
      const next = await daemon.job(await daemon.startJob(playbook("echo next")));
      assert.equal(next.number, 4);
    },
    { patches: quickDays, env: { AITHER_KEEP_DAYS: "1" } },
  );
});

test("keepJobs: the newest stay; with keepDays, a job stays that either keeps", async () => {
  await using workspace = await Workspace.create();
  await using before = await Daemon.start({ workspace });
  await ended(before, 5);
  await before.stop();
  await using first = await Daemon.start({ workspace, patches: quickDays, env: { AITHER_KEEP_JOBS: "2" } });
  await waitFor("three to go", async () => (await numbers(first)).join() === "4,5");
  await first.stop();
  const env = { AITHER_KEEP_JOBS: "3", AITHER_KEEP_DAYS: "1" };
  await using both = await Daemon.start({ workspace, patches: quickDays, env });
  for (let at = 0; at < 4; at += 1) await both.startJob(playbook("echo done"));
  await waitFor("the old ones to go", async () => (await numbers(both)).join() === "7,8,9");
  await delay(1_500);
  assert.deepEqual(await numbers(both), [7, 8, 9]);
});

test("a job that another one under way goes back to stays, and goes when that has ended", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const parent = await daemon.startJob(playbook(`[ -e '${gate}.1' ] || exit 3\n${gated(gate)}`));
    assert.equal((await daemon.ended(parent)).status, "Failed");
    await writeFile(`${gate}.1`, "");
    const { body } = await daemon.ask("POST", `/api/jobs/${parent}/retry`, {});
    const { jobId: child } = body as { jobId: string };
    await scriptPid(daemon, child, "stage1");
    await ended(daemon, 2);
    await daemon.ask("POST", "/api/jobs/prune", { keep: 0 });
    assert.deepEqual((await listed(daemon)).map(({ jobId }) => jobId).sort(), [parent, child].sort());
    await writeFile(gate, "");
    await daemon.ended(child);
    await putAway(daemon, [child]);
    const { body: pruned } = await daemon.ask("POST", "/api/jobs/prune", { keep: 0 });
    assert.deepEqual((pruned as { removed: number[] }).removed, [1, 2]);
  });
});

test("the index is made small again when much of it is dead", async () => {
  await Daemon.with(async (daemon) => {
    await ended(daemon, 10);
    await daemon.ask("POST", "/api/jobs/prune", { keep: 8 });
    // Four of twelve lines are more than 30 %. The last one stays, for it knows the highest number.
    assert.equal((await indexLines(daemon.workspace)).length, 9);
    assert.deepEqual(await numbers(daemon), [3, 4, 5, 6, 7, 8, 9, 10]);
    assert.equal((await daemon.ask("GET", "/api/jobs?limit=1&before=4")).status, 200);
  });
});

const points: readonly { name: string; patch: Patch }[] = [
  {
    name: "after the folder was moved",
    patch: {
      file: REMOVALS,
      find: "    folders.forget(jobId);\n    // The new name",
      replace: "    folders.forget(jobId); die();\n    // The new name",
    },
  },
  {
    name: "after its tombstone",
    patch: { file: REMOVALS, find: "    await index.remove(job);\n", replace: "    await index.remove(job); die();\n" },
  },
  {
    name: "while its files go",
    patch: {
      file: REMOVALS,
      find: "      try {\n        await rm(",
      replace:
        '      try {\n        await rm(join(layout.removing, jobId, "events.ndjson"), { force: true }); die();\n        await rm(',
    },
  },
];

/** Kills its own daemon, once, when a file asks for it. */
const die: Patch = {
  file: REMOVALS,
  find: "export class Removals {",
  replace: `function die(): void {
  const { existsSync, unlinkSync } = process.getBuiltinModule("node:fs");
  const wish = process.env["AITHER_HOME"] + "/../die";
  if (!existsSync(wish)) return;
  unlinkSync(wish);
  process.kill(process.pid, "SIGKILL");
}
export class Removals {`,
};

for (const { name, patch } of points) {
  test(`kill -9 ${name}: the job is gone for everybody, and the next life finishes the work`, async () => {
    await Daemon.with(
      async (daemon) => {
        const { workspace } = daemon;
        const jobIds = await ended(daemon, 3);
        await writeFile(workspace.path("die"), "");
        await daemon.ask("DELETE", `/api/jobs/${jobIds[1]}`).catch(() => null);
        assert.equal(await daemon.exitCode(), null);
        await daemon.launch();
        assert.deepEqual(await numbers(daemon), [1, 3]);
        assert.equal((await daemon.ask("GET", `/api/jobs/${jobIds[1]}`)).status, 404);
        const removing = join(workspace.places.state, "removing");
        await waitFor("its files to be gone", async () => (await readdir(removing)).length === 0);
        assert.deepEqual((await folders(workspace)).sort(), [jobIds[0] ?? "", jobIds[2] ?? ""].sort());
        // An index that is made anew does not bring it back.
        await daemon.stop();
        await rename(join(workspace.places.state, "index"), workspace.path("old-index"));
        await daemon.launch();
        assert.deepEqual(await numbers(daemon), [1, 3]);
      },
      { patches: [die, patch] },
    );
  });
}

test("kill -9 again and again while forty jobs go: the same end, and what is to stay is whole", async () => {
  await using workspace = await Workspace.create();
  await using before = await Daemon.start({ workspace });
  const jobIds = await ended(before, 46);
  await before.stop();
  const slow: Patch = { file: FILE, find: "const REMOVED_AT_ONCE = 20;", replace: "const REMOVED_AT_ONCE = 2;" };
  await using daemon = await Daemon.start({ workspace, patches: [slow], env: { AITHER_KEEP_JOBS: "6" } });
  let lives = 1;
  for (let left = 40; left > 6; lives += 1) {
    const goal = Math.max(6, left - 8);
    left = await waitFor("a few to go", async () => {
      const count = (await folders(workspace)).length;
      return count <= goal ? count : null;
    });
    await daemon.kill();
    await daemon.launch();
  }
  await waitFor("the rest to go", async () => (await numbers(daemon)).length === 6);
  assert.ok(lives > 3, `${lives} lives`);
  assert.deepEqual(await numbers(daemon), [41, 42, 43, 44, 45, 46]);
  assert.deepEqual((await folders(workspace)).sort(), jobIds.slice(40).sort());
  for (const jobId of jobIds.slice(40)) assert.equal((await daemon.job(jobId)).status, "Completed");
  const removing = join(workspace.places.state, "removing");
  await mkdir(removing, { recursive: true });
  await waitFor("their files to be gone", async () => (await readdir(removing)).length === 0);
  await waitFor("a small index", async () => (await indexLines(workspace)).length < 20);
});
