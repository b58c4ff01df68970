/** A long history costs what is asked of it: facts about what is read, not times. */
import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { JobDetail, JobSummary } from "@aither/protocol";
import { Daemon } from "../rig/daemon.ts";
import { playbook } from "../rig/gated.ts";
import { playbooksOfHistory, writeManyJobs } from "../rig/many-jobs.ts";
import { waitFor } from "../rig/wait.ts";

const jobsMany = 5_000;
/** A start, a question and its answer read this much at most; the index of so many jobs has some megabytes. */
const A_LITTLE = 256 * 1024;

/** Bytes that a process has asked the kernel for, whether or not they came from a disk. */
function readBy(daemon: Daemon): number {
  const text = readFileSync(`/proc/${daemon.pid}/io`, "utf8");
  return Number(/^rchar: (\d+)/m.exec(text)?.[1]);
}

async function costOf<T>(daemon: Daemon, ask: () => Promise<T>): Promise<{ bytes: number; answer: T }> {
  const before = readBy(daemon);
  const answer = await ask();
  return { bytes: readBy(daemon) - before, answer };
}

async function job(daemon: Daemon, name: string): Promise<{ status: number; number: number | undefined }> {
  const { status, body } = await daemon.ask("GET", `/api/jobs/${name}`);
  return { status, number: (body as JobDetail).number };
}

async function list(daemon: Daemon, query: string): Promise<readonly JobSummary[]> {
  const { status, body, text } = await daemon.ask("GET", `/api/jobs?${query}`);
  assert.equal(status, 200, text);
  return (body as { jobs: JobSummary[] }).jobs;
}

function skipWithoutProc(context: TestContext): boolean {
  if (process.platform === "linux") return false;
  context.skip("what a process reads is told by Linux alone");
  return true;
}

test("with 5,000 finished jobs a daemon reads the end of its index, and what it is asked for", async (context) => {
  if (skipWithoutProc(context)) return;
  await Daemon.with(async (daemon) => {
    const { state } = daemon.workspace.places;
    await daemon.ended(await daemon.startJob(playbook("echo found it")));
    await waitFor("its place in the history", () => readdirSync(join(state, "active")).length === 0);
    await daemon.restart();
    const bare = readBy(daemon);
    await daemon.stop();

    const entries = writeManyJobs({ state, count: jobsMany });
    const indexBytes = readdirSync(join(state, "index"))
      .map((name) => statSync(join(state, "index", name)).size)
      .reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(indexBytes > 6 * A_LITTLE, "the index must be long enough to show a difference");
    await daemon.launch();
    assert.ok(readBy(daemon) - bare < A_LITTLE, `a start read ${readBy(daemon) - bare} bytes more`);
    // What is loaded with the first answers is not the history's cost.
    await list(daemon, "limit=1");
    await job(daemon, "latest");

    const newest = await costOf(daemon, async () => list(daemon, "limit=50"));
    assert.deepEqual(
      newest.answer.map(({ number }) => number),
      Array.from({ length: 50 }, (_, index) => jobsMany + 1 - index),
    );
    assert.ok(newest.bytes < A_LITTLE, `the newest 50: ${newest.bytes} bytes`);

    for (const number of [1, 2, 1_234, 2_500, jobsMany - 1, jobsMany]) {
      const found = await costOf(daemon, async () => job(daemon, String(number)));
      assert.deepEqual(found.answer, { status: 200, number });
      assert.ok(found.bytes < A_LITTLE, `number ${number}: ${found.bytes} bytes`);
    }
    const byName = await costOf(daemon, async () => job(daemon, "PLAYBOOK-3"));
    assert.equal(byName.answer.number, entries.findLast((one) => one.playbook === "playbook-3")?.number);
    assert.ok(byName.bytes < A_LITTLE, `a name: ${byName.bytes} bytes`);

    const hit = await costOf(daemon, async () => daemon.ask("GET", "/api/search?q=nothing-says-this&max=1"));
    assert.equal(hit.answer.text, "");
    const [old] = entries;
    assert.equal((await job(daemon, old!.jobId.slice(0, 18))).number, 1);
    assert.equal((await job(daemon, "99999999999999")).status, 404);
    const failed = await list(daemon, `status=Failed&text=playbook-7&limit=200`);
    assert.equal(failed.length, 200);
    assert.ok(failed.every(({ status, playbook: name }) => status === "Failed" && name === "playbook-7"));
    assert.equal(jobsMany / playbooksOfHistory, (await list(daemon, "status=Failed&limit=500")).length);

    const removed = await daemon.ask("DELETE", "/api/jobs/2500");
    assert.equal(removed.status, 200, removed.text);
    assert.equal(
      (await job(daemon, "2500")).status,
      404,
      "its digits are part of other jobs' ids, and mean none of them",
    );
    assert.equal((await job(daemon, entries[2_499]!.jobId)).status, 404);
    assert.equal((await job(daemon, "2501")).number, 2_501);
  });
});

test("a search over many jobs reads the newest first, and stops when it has enough", async (context) => {
  if (skipWithoutProc(context)) return;
  await Daemon.with(async (daemon) => {
    const { state } = daemon.workspace.places;
    await daemon.ended(await daemon.startJob(playbook("echo found it")));
    await waitFor("its place in the history", () => readdirSync(join(state, "active")).length === 0);
    await daemon.stop();
    writeManyJobs({ state, count: 1_000 });
    await daemon.launch();
    const search = async () => daemon.ask("GET", "/api/search?q=found&max=1");
    await search();
    const { bytes, answer } = await costOf(daemon, search);
    assert.equal((JSON.parse(answer.text) as { number: number }).number, 1_001);
    assert.ok(bytes < 2 * A_LITTLE, `one hit: ${bytes} bytes`);
  });
});

test("a look-up that stumbles over a damaged line makes the index again, and finds its job", async () => {
  await Daemon.with(async (daemon) => {
    const { state } = daemon.workspace.places;
    const jobId = await daemon.startJob(playbook("true"));
    await daemon.ended(jobId);
    await waitFor("its place in the history", () => readdirSync(join(state, "active")).length === 0);
    await daemon.stop();
    const [month = ""] = readdirSync(join(state, "index"));
    const file = join(state, "index", month);
    truncateSync(file, statSync(file).size - 40);
    appendFileSync(file, "\n");
    await daemon.launch();
    assert.equal((await job(daemon, jobId.slice(0, 13))).number, 1);
    assert.equal((await job(daemon, "1")).number, 1);
  });
});
