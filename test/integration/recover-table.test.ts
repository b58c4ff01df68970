import assert from "node:assert/strict";
import { readdir, readFile, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { EventType } from "@aither/protocol";
import { Daemon } from "../rig/daemon.ts";
import { assertWhole, gated, logOf, playbook, scriptPid, types } from "../rig/gated.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";

/**
 * The table of recovery, row by row: what the journal says × claim × exit record × wrapper → what is done.
 * Each row is made by a real run that is stopped with kill -9, and by changing what is on disk while nobody looks.
 */
type Held = { daemon: Daemon; jobId: string; gate: string; pid: number; wrapper: number; folder: string };

/** A job whose only script is under way, and no daemon. */
async function held(run: (held: Held) => Promise<void>, code = 0): Promise<void> {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook(gated(gate, code)));
    const pid = await scriptPid(daemon, jobId, "stage1");
    const { handle } = await daemon.event(jobId, "ScriptStarted");
    await daemon.kill();
    await run({ daemon, jobId, gate, pid, wrapper: handle.pid, folder: await daemon.workspace.jobFolder(jobId) });
  });
}

/** The journal as if the daemon had died right after this event. */
async function cutAfter({ daemon, jobId, folder }: Held, last: EventType): Promise<void> {
  const events = await daemon.events(jobId);
  const kept = events.slice(0, types(events).indexOf(last) + 1);
  await writeFile(join(folder, "events.ndjson"), kept.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

async function fileOf({ folder }: Held, ending: string): Promise<string> {
  const name = (await readdir(join(folder, "scripts"))).find((found) => found.endsWith(ending));
  assert.ok(name !== undefined, `no file ends in ${ending}`);
  return join(folder, "scripts", name);
}

async function endScript({ gate, pid, wrapper }: Held): Promise<void> {
  await writeFile(gate, "");
  await waitFor("the end of script and wrapper", () => !isAlive(pid) && !isAlive(wrapper));
}

async function killAll({ pid, wrapper }: Held): Promise<void> {
  process.kill(wrapper, "SIGKILL");
  process.kill(pid, "SIGKILL");
  await waitFor("the end of script and wrapper", () => !isAlive(pid) && !isAlive(wrapper));
}

test("starting, claimed, alive: adopted, although the journal never saw it start", async () => {
  await held(async (job) => {
    await cutAfter(job, "ScriptScheduled");
    await job.daemon.launch();
    const adopted = await job.daemon.event(job.jobId, "ScriptAdopted");
    assert.equal(adopted.handle.pid, job.wrapper);
    await writeFile(job.gate, "");
    assert.equal((await job.daemon.ended(job.jobId)).status, "Completed");
    assert.equal(await logOf(job.daemon, job.jobId, "stage1"), `begin ${job.pid}\nend\n`);
    assertWhole(await job.daemon.events(job.jobId));
  });
});

test("starting, claimed, exit record there: finished with its true code, and nothing runs again", async () => {
  await held(async (job) => {
    await endScript(job);
    await cutAfter(job, "ScriptScheduled");
    await job.daemon.launch();
    assert.equal((await job.daemon.ended(job.jobId)).status, "Failed");
    const failed = await job.daemon.event(job.jobId, "ScriptFailed");
    assert.deepEqual(failed.failure, { kind: "exit", code: 7 });
    assert.equal(failed.attempt, 1);
    assert.equal(await logOf(job.daemon, job.jobId, "stage1"), `begin ${job.pid}\nend\n`);
  }, 7);
});

test("starting, claimed, dead without a record: interrupted", async () => {
  await held(async (job) => {
    await killAll(job);
    await cutAfter(job, "ScriptScheduled");
    await job.daemon.launch();
    assert.equal((await job.daemon.ended(job.jobId)).status, "Failed");
    const { failure } = await job.daemon.event(job.jobId, "ScriptFailed");
    assert.equal(failure.kind, "interrupted");
  });
});

test("starting, fenced by an earlier life: told so, and a new attempt runs", async () => {
  await held(async (job) => {
    await killAll(job);
    await cutAfter(job, "ScriptScheduled");
    const claim = await fileOf(job, ".1.claim");
    await unlink(claim);
    await symlink("v1 fence an-earlier-life", claim);
    await job.daemon.launch();
    await job.daemon.event(job.jobId, "ScriptFenced");
    const started = await job.daemon.event(job.jobId, "ScriptStarted");
    assert.equal(started.attempt, 2);
    await writeFile(job.gate, "");
    assert.equal((await job.daemon.ended(job.jobId)).status, "Completed");
  });
});

test("running, and the claim is gone: interrupted, never started a second time", async () => {
  await held(async (job) => {
    await killAll(job);
    await unlink(await fileOf(job, ".1.claim"));
    await job.daemon.launch();
    assert.equal((await job.daemon.ended(job.jobId)).status, "Failed");
    const { failure } = await job.daemon.event(job.jobId, "ScriptFailed");
    assert.equal(failure.kind, "interrupted");
    assert.match(failure.kind === "interrupted" ? failure.evidence : "", /claim is gone/);
  });
});

test("running, and half an exit record: it is no record", async () => {
  await held(async (job) => {
    await killAll(job);
    const exit = await fileOf(job, ".1.exit");
    const blank = await readFile(exit);
    await writeFile(exit, Buffer.concat([Buffer.from("0m0.000s 0m0.000s\nexit 0"), blank.subarray(24)]));
    await job.daemon.launch();
    assert.equal((await job.daemon.ended(job.jobId)).status, "Failed");
    const { failure } = await job.daemon.event(job.jobId, "ScriptFailed");
    assert.equal(failure.kind, "interrupted");
  });
});

test("running, and its pid belongs to somebody else by now: interrupted, and the stranger lives", async () => {
  await held(async (job) => {
    await killAll(job);
    const claim = await fileOf(job, ".1.claim");
    const events = await job.daemon.events(job.jobId);
    const started = events.find((event) => event.type === "ScriptStarted");
    assert.ok(started !== undefined);
    // The same pid as this very process, with another start time.
    const { bootId, startTime } = started.handle;
    await unlink(claim);
    await symlink(`v1 ${bootId} ${process.pid} ${startTime}`, claim);
    await job.daemon.launch();
    assert.equal((await job.daemon.ended(job.jobId)).status, "Failed");
    assert.equal((await job.daemon.event(job.jobId, "ScriptFailed")).failure.kind, "interrupted");
  });
});

test("recovery killed again and again comes to the same end", async () => {
  await held(async (job) => {
    for (let life = 0; life < 5; life += 1) {
      const child = await job.daemon.spawn();
      const recovered = life + 1;
      await waitFor("one more recovery in the journal", async () => {
        const events = await job.daemon.events(job.jobId);
        return types(events).filter((type) => type === "OrchestrationRecovered").length >= recovered;
      });
      child.kill("SIGKILL");
      await waitFor("the end of that life", () => child.signalCode !== null);
    }
    await job.daemon.launch();
    await writeFile(job.gate, "");
    assert.equal((await job.daemon.ended(job.jobId)).status, "Completed");
    const events = await job.daemon.events(job.jobId);
    assertWhole(events);
    assert.equal(types(events).filter((type) => type === "ScriptScheduled").length, 1);
    assert.equal(await logOf(job.daemon, job.jobId, "stage1"), `begin ${job.pid}\nend\n`);
  });
});

test("a stray whose job was stopped hears of it: cancel and death of the daemon at once leave nobody", async () => {
  await held(async (job) => {
    await job.daemon.launch();
    const { status } = await job.daemon.ask("POST", `/api/jobs/${job.jobId}/cancel`, { force: true });
    assert.equal(status, 202);
    await job.daemon.restart();
    assert.equal((await job.daemon.ended(job.jobId)).status, "Cancelled");
    assert.ok(!isAlive(job.pid));
  });
});
