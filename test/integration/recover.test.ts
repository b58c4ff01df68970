import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { appendFile, readdir, readFile, readlink, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";
import { isAlive } from "../rig/processes.ts";
import { assertWhole, gated, logOf, playbook, scriptPid, types } from "../rig/gated.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

test("kill -9 while a script runs: it is not interrupted, its log and code are whole, the next stages run", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook("echo before", gated(gate), "echo after"));
    const pid = await scriptPid(daemon, jobId, "stage2");
    await daemon.kill();
    assert.ok(isAlive(pid));
    await daemon.launch();
    assert.ok(isAlive(pid));
    const adopted = await daemon.event(jobId, "ScriptAdopted");
    assert.equal(adopted.attempt, 1);
    await writeFile(gate, "");
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Completed");
    assert.equal(await logOf(daemon, jobId, "stage2"), `begin ${pid}\nend\n`);
    assert.equal(await logOf(daemon, jobId, "stage3"), "after\n");
    const events = await daemon.events(jobId);
    assertWhole(events);
    assert.equal(types(events).filter((type) => type === "OrchestrationRecovered").length, 1);
    assert.equal(events.filter(({ type }) => type === "ScriptStarted").length, 3);
  });
});

test("a script that ends while there is no daemon: its code and its time are true", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook(gated(gate, 42)));
    const pid = await scriptPid(daemon, jobId, "stage1");
    await daemon.kill();
    await writeFile(gate, "");
    await waitFor("the end of the script", () => !isAlive(pid));
    const endedBy = Date.now();
    await daemon.launch();
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Failed");
    const failed = await daemon.event(jobId, "ScriptFailed");
    assert.deepEqual(failed.failure, { kind: "exit", code: 42 });
    assert.ok(failed.endedAtMs <= endedBy + 1_000, `${failed.endedAtMs} ${endedBy}`);
    assert.equal(await logOf(daemon, jobId, "stage1"), `begin ${pid}\nend\n`);
  });
});

test("kill -9 again and again: one process an attempt, no line lost, seq without a gap", async () => {
  await Daemon.with(async (daemon) => {
    const ledger = daemon.workspace.path("ledger");
    await writeFile(ledger, "");
    const say = (at: number): string =>
      `echo start ${at} >> '${ledger}'; i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.005; done; echo end ${at} >> '${ledger}'`;
    const jobId = await daemon.startJob(playbook(...[1, 2, 3, 4, 5, 6].map(say)));
    for (let life = 1; life <= 5; life += 1) {
      const lines = (await readFile(ledger, "utf8")).split("\n").length;
      await waitFor("another line of the ledger", async () => {
        const job = await daemon.job(jobId);
        return job.endedAt !== null || (await readFile(ledger, "utf8")).split("\n").length > lines;
      });
      await daemon.restart();
    }
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Completed");
    const expected = [1, 2, 3, 4, 5, 6].flatMap((at) => [`start ${at}`, `end ${at}`]);
    assert.deepEqual((await readFile(ledger, "utf8")).trim().split("\n"), expected);
    for (let at = 1; at <= 6; at += 1) {
      const lines = [...Array(40)].map((_, number) => `line ${number}\n`).join("");
      assert.equal(await logOf(daemon, jobId, `stage${at}`), lines);
    }
    assertWhole(await daemon.events(jobId));
  });
});

test("an intent without a claim is fenced, and a new attempt runs", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook(gated(gate)));
    const pid = await scriptPid(daemon, jobId, "stage1");
    await daemon.kill();
    process.kill(pid, "SIGKILL");
    const folder = await daemon.workspace.jobFolder(jobId);
    // As if the daemon had died right after its intent: no start is in the journal, no claim on disk.
    const events = await daemon.events(jobId);
    const kept = events.slice(0, types(events).indexOf("ScriptScheduled") + 1);
    await writeFile(join(folder, "events.ndjson"), kept.map((event) => `${JSON.stringify(event)}\n`).join(""));
    for (const name of await readdir(join(folder, "scripts"))) await unlink(join(folder, "scripts", name));
    await daemon.launch();
    await daemon.event(jobId, "ScriptFenced");
    const started = await daemon.event(jobId, "ScriptStarted");
    assert.equal(started.attempt, 2);
    const claim = (await readdir(join(folder, "scripts"))).find((name) => name.endsWith(".1.claim"));
    assert.match(await readlink(join(folder, "scripts", claim ?? "")), /^v1 fence /);
    await writeFile(gate, "");
    assert.equal((await daemon.ended(jobId)).status, "Completed");
  });
});

test("a wrapper that died with its script leaves an interrupted attempt, and it is not run again by itself", async () => {
  await Daemon.with(async (daemon) => {
    const jobId = await daemon.startJob(playbook(gated(daemon.workspace.path("never"))));
    const pid = await scriptPid(daemon, jobId, "stage1");
    const { handle } = await daemon.event(jobId, "ScriptStarted");
    await daemon.kill();
    process.kill(handle.pid, "SIGKILL");
    process.kill(pid, "SIGKILL");
    await waitFor("the end of both", () => !isAlive(pid) && !isAlive(handle.pid));
    await daemon.launch();
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Failed");
    const { failure } = await daemon.event(jobId, "ScriptFailed");
    assert.equal(failure.kind, "interrupted");
  });
});

test("an orphaned script is waited for: nothing of the attempt runs twice", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook({ script: gated(gate), idempotent: true, onInterrupted: "resume" }));
    const pid = await scriptPid(daemon, jobId, "stage1");
    const { handle } = await daemon.event(jobId, "ScriptStarted");
    await daemon.kill();
    process.kill(handle.pid, "SIGKILL");
    await waitFor("the end of the wrapper", () => !isAlive(handle.pid));
    await daemon.launch();
    await waitFor("the orphan to be noticed", () =>
      daemon.log().some(({ msg }) => msg === "a script lost its wrapper and is waited for"),
    );
    assert.ok(isAlive(pid));
    assert.ok(!types(await daemon.events(jobId)).includes("ScriptInterrupted"));
    await writeFile(gate, "");
    const interrupted = await daemon.event(jobId, "ScriptInterrupted");
    assert.match(interrupted.evidence, /its wrapper .* died/);
    assert.ok(!isAlive(pid));
    assert.equal((await daemon.ended(jobId)).status, "Completed");
  });
});

test("after a reboot every attempt that ran is interrupted, and one that may be repeated is", async () => {
  const bootId = join(await import("node:os").then(({ tmpdir }) => tmpdir()), `boot-${process.pid}`);
  await writeFile(bootId, "boot-one\n");
  try {
    await Daemon.with(
      async (daemon) => {
        const gate = daemon.workspace.path("gate");
        const jobId = await daemon.startJob(
          playbook({ script: gated(gate), idempotent: true, onInterrupted: "resume" }, "echo after"),
        );
        const pid = await scriptPid(daemon, jobId, "stage1");
        const { handle } = await daemon.event(jobId, "ScriptStarted");
        assert.equal(handle.bootId, "boot-one");
        await daemon.kill();
        process.kill(handle.pid, "SIGKILL");
        process.kill(pid, "SIGKILL");
        await writeFile(bootId, "boot-two\n");
        await daemon.launch();
        const interrupted = await daemon.event(jobId, "ScriptInterrupted");
        assert.match(interrupted.evidence, /restarted/);
        await writeFile(gate, "");
        assert.equal((await daemon.ended(jobId)).status, "Completed");
        const started = (await daemon.events(jobId)).filter(({ type }) => type === "ScriptStarted");
        assert.equal(started.length, 3);
      },
      { env: { AITHER_TEST_BOOT_ID_FILE: bootId } },
    );
  } finally {
    await rm(bootId);
  }
});

/** A power cut right after a script began: neither its claim nor its start was on disk, only the intent is. */
async function cutWhileStarting(
  step: Record<string, unknown>,
  run: (daemon: Daemon, jobId: string, ledger: () => Promise<string>) => Promise<void>,
  intent: (line: string) => string = (line) => line,
): Promise<void> {
  await using workspace = await Workspace.create();
  const boot = workspace.path("boot");
  const gate = workspace.path("gate");
  await writeFile(boot, "boot-one\n");
  await using daemon = await Daemon.start({ workspace, env: { AITHER_TEST_BOOT_ID_FILE: boot } });
  const ledger = workspace.path("ledger");
  const jobId = await daemon.startJob(playbook({ script: `echo ran >> '${ledger}'\n${gated(gate)}`, ...step }));
  const pid = await scriptPid(daemon, jobId, "stage1");
  const { handle } = await daemon.event(jobId, "ScriptStarted");
  await daemon.kill();
  process.kill(handle.pid, "SIGKILL");
  process.kill(pid, "SIGKILL");
  await waitFor("the end of both", () => !isAlive(pid) && !isAlive(handle.pid));
  const folder = await workspace.jobFolder(jobId);
  const lines = (await readFile(join(folder, "events.ndjson"), "utf8")).split("\n");
  const last = lines.findIndex((line) => line.includes('"ScriptScheduled"'));
  const kept = [...lines.slice(0, last), intent(lines[last] ?? "")].map((line) => `${line}\n`);
  await writeFile(join(folder, "events.ndjson"), kept.join(""));
  for (const name of await readdir(join(folder, "scripts"))) await unlink(join(folder, "scripts", name));
  await writeFile(boot, "boot-two\n");
  await writeFile(gate, "");
  await daemon.launch();
  await run(daemon, jobId, async () => readFile(ledger, "utf8"));
}

test("a power cut that takes a claim away: the script may have begun, so it is not run again by itself", async () => {
  await cutWhileStarting({}, async (daemon, jobId, ledger) => {
    assert.equal((await daemon.ended(jobId)).status, "Failed");
    const { evidence } = await daemon.event(jobId, "ScriptInterrupted");
    assert.match(evidence, /scheduled before the machine was restarted; whether it began is not on disk/);
    assert.equal(await ledger(), "ran\n");
  });
});

test("the same where it may be repeated: it is run again", async () => {
  await cutWhileStarting({ idempotent: true, onInterrupted: "resume" }, async (daemon, jobId, ledger) => {
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    assert.equal(await ledger(), "ran\nran\n");
    assert.ok(!types(await daemon.events(jobId)).includes("ScriptFenced"));
  });
});

test("the same where somebody is to be asked: nothing runs before the answer", async () => {
  await cutWhileStarting({ onInterrupted: "ask" }, async (daemon, jobId, ledger) => {
    const { reason } = await daemon.event(jobId, "OrchestrationPaused");
    assert.match(reason ?? "", /whether it began is not on disk/);
    // Also a life that comes between question and answer knows no more than the one that asked.
    await daemon.restart();
    assert.equal(await ledger(), "ran\n");
    assert.equal((await daemon.ask("POST", `/api/jobs/${jobId}/resume`, {})).status, 202);
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    assert.equal(await ledger(), "ran\nran\n");
  });
});

test("a journal from before the boot was noted is read as it was: without a claim nothing began", async () => {
  const old = (line: string): string => line.replace(/,"bootId":"[^"]*"/, "");
  await cutWhileStarting(
    {},
    async (daemon, jobId) => {
      await daemon.event(jobId, "ScriptFenced");
      assert.equal((await daemon.ended(jobId)).status, "Completed");
    },
    old,
  );
});

test("a cancel that was acknowledged holds across kill -9: nothing starts after it, and the script ends", async () => {
  await Daemon.with(async (daemon) => {
    const text = `trap '' TERM\n${gated(daemon.workspace.path("never"))}`;
    const jobId = await daemon.startJob(playbook(text, "echo after"));
    const pid = await scriptPid(daemon, jobId, "stage1");
    const { status } = await daemon.ask("POST", `/api/jobs/${jobId}/cancel`, {});
    assert.equal(status, 202);
    await daemon.kill();
    assert.ok(isAlive(pid));
    await daemon.launch();
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Cancelled");
    assert.ok(!isAlive(pid));
    assert.equal(await logOf(daemon, jobId, "stage2"), "");
    assert.equal((await daemon.events(jobId)).filter(({ type }) => type === "ScriptScheduled").length, 1);
  });
});

test("derived files that are deleted come back, and the history with them", async () => {
  await Daemon.with(async (daemon) => {
    const jobId = await daemon.startJob(playbook("echo one"));
    const gate = daemon.workspace.path("gate");
    await daemon.ended(jobId);
    const running = await daemon.startJob(playbook(gated(gate)));
    await scriptPid(daemon, running, "stage1");
    const { state } = daemon.workspace.places;
    await waitFor("the index", async () => (await readdir(join(state, "index"))).length > 0);
    await daemon.kill();
    const folder = await daemon.workspace.jobFolder(jobId);
    const { metadata, result, plan } = { metadata: "metadata.json", result: "result.json", plan: "plan.json" };
    const before = await readFile(join(folder, result), "utf8");
    for (const name of [metadata, result, plan]) await unlink(join(folder, name));
    await rm(join(state, "index"), { recursive: true });
    await rm(join(state, "active"), { recursive: true });
    await daemon.launch();
    const { body } = await daemon.ask("GET", "/api/jobs");
    const { jobs } = body as { jobs: { jobId: string; number: number; status: string }[] };
    assert.deepEqual(
      jobs.map(({ number, status }) => [number, status]),
      [
        [2, "Running"],
        [1, "Completed"],
      ],
    );
    await waitFor("the files of the finished job", () =>
      [metadata, result, plan].every((name) => existsSync(join(folder, name))),
    );
    assert.equal(await readFile(join(folder, result), "utf8"), before);
    await writeFile(gate, "");
    assert.equal((await daemon.ended(running)).status, "Completed");
    const third = await daemon.startJob(playbook("true"));
    assert.equal((await daemon.ended(third)).number, 3);
  });
});

test("the torn end of a journal is cut and the job goes on", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook(gated(gate), "echo after"));
    await scriptPid(daemon, jobId, "stage1");
    await daemon.event(jobId, "ScriptStarted");
    await daemon.kill();
    await appendFile(join(await daemon.workspace.jobFolder(jobId), "events.ndjson"), '{"v":1,"seq":99,"ty');
    await daemon.launch();
    assert.ok(daemon.log().some(({ msg }) => msg === "cut the torn end of a journal"));
    await writeFile(gate, "");
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    assertWhole(await daemon.events(jobId));
  });
});

test("a journal damaged in the middle is set aside with file and line, and other jobs go on", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const hurt = await daemon.startJob(playbook(gated(gate)));
    const well = await daemon.startJob(playbook(gated(gate), "echo after"));
    const pid = await scriptPid(daemon, hurt, "stage1");
    await scriptPid(daemon, well, "stage1");
    await daemon.kill();
    const file = join(await daemon.workspace.jobFolder(hurt), "events.ndjson");
    const lines = (await readFile(file, "utf8")).split("\n");
    const damaged = [lines[0], "rubbish", ...lines.slice(2)].join("\n");
    await writeFile(file, damaged);
    await daemon.launch();
    assert.ok(daemon.log().some(({ reason }) => reason === `${file}:2: this is not JSON`));
    assert.equal(await readFile(file, "utf8"), damaged);
    assert.ok(isAlive(pid));
    const shown = await daemon.ask("GET", `/api/jobs/${hurt}`);
    assert.match(shown.text, /events\.ndjson:2/);
    await writeFile(gate, "");
    assert.equal((await daemon.ended(well)).status, "Completed");
    await waitFor("the end of the script", () => !isAlive(pid));
  });
});

test("a daemon that is asked to stop leaves scripts alone, and the next one takes them over", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook(gated(gate)));
    const pid = await scriptPid(daemon, jobId, "stage1");
    assert.equal(await daemon.stop(), 0);
    assert.ok(isAlive(pid));
    await daemon.launch();
    await writeFile(gate, "");
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    assert.equal(await logOf(daemon, jobId, "stage1"), `begin ${pid}\nend\n`);
  });
});

test("a link in active/ to nothing is forgotten, not stumbled over", async () => {
  await Daemon.with(async (daemon) => {
    await daemon.kill();
    const id = "00000000-0000-4000-8000-000000000000";
    await symlink(`../jobs/2026-01-01/${id}`, join(daemon.workspace.places.state, "active", id));
    await daemon.launch();
    assert.deepEqual(await readdir(join(daemon.workspace.places.state, "active")), []);
  });
});
