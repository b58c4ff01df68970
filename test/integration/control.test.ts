/** What can be done to a job while it runs: freeze, input, groups, pools, hours, questions after a reboot. */
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { JobDetail, ScriptView } from "@aither/protocol";
import { Daemon } from "../rig/daemon.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";

type Step = Readonly<Record<string, unknown>>;

function playbook(steps: readonly Step[], extras: Readonly<Record<string, unknown>> = {}): unknown {
  const jobs = { work: { steps: steps.map((step) => ({ shell: "sh", ...step })) } };
  return { apiVersion: "aither/v1", metadata: { name: "control" }, orchestration: { ...extras, jobs } };
}

function scripts(job: JobDetail): ScriptView[] {
  return job.stages.flatMap((stage) => stage.legs.flatMap((leg) => leg.scripts));
}

async function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

/** The pid that a script wrote into a file as its first line. */
async function pidIn(path: string): Promise<number> {
  return Number((await waitFor(`a pid in ${path}`, async () => /^(\d+)\n/.exec(await text(path))))[1]);
}

async function state(pid: number): Promise<string> {
  return /\) (\S)/.exec(await text(`/proc/${pid}/stat`))?.[1] ?? "gone";
}

const post = async (daemon: Daemon, jobId: string, verb: string, body: unknown = {}) => {
  const answer = await daemon.ask("POST", `/api/jobs/${jobId}/${verb}`, body);
  assert.equal(answer.status, 202, answer.text);
  return answer.body as { status: string };
};

test("frozen: the answer comes when scripts stand still, time limits wait, kill -9 changes nothing, resume goes on", async () => {
  await Daemon.with(async (daemon) => {
    const ticks = daemon.workspace.path("ticks");
    const gate = daemon.workspace.path("gate");
    const script = `echo $$ > '${ticks}'\nwhile [ ! -e '${gate}' ]; do echo tick >> '${ticks}'; sleep 0.02; done`;
    const jobId = await daemon.startJob(
      playbook([
        { name: "ticker", script, timeout: 3 },
        { name: "next", script: "true" },
      ]),
    );
    const pid = await pidIn(ticks);
    await waitFor("a tick", async () => (await text(ticks)).includes("tick"));
    assert.equal((await post(daemon, jobId, "pause", { freeze: true })).status, "Paused");
    assert.equal(await state(pid), "T");
    assert.equal(scripts(await daemon.job(jobId))[0]?.frozen, true);
    const ticked = await text(ticks);
    await daemon.restart();
    await waitFor("the adoption", async () =>
      (await daemon.events(jobId)).some(({ type }) => type === "ScriptAdopted"),
    );
    // Longer than its time limit.
    const frozenSince = Date.now();
    await waitFor("more than the time limit", () => Date.now() - frozenSince > 3_200);
    assert.equal(await state(pid), "T");
    assert.equal(await text(ticks), ticked);
    assert.equal((await post(daemon, jobId, "resume")).status, "Running");
    assert.notEqual(await state(pid), "T");
    await waitFor("another tick", async () => (await text(ticks)) !== ticked);
    await writeFile(gate, "");
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Completed", JSON.stringify(job.stages));
    assert.equal(scripts(job)[0]?.attempts.length, 1);
  });
});

test("a frozen job can be cancelled, and its scripts hear of it", async () => {
  await Daemon.with(async (daemon) => {
    const file = daemon.workspace.path("file");
    const script = `trap 'echo bye >> "${file}"; exit 3' TERM\necho $$ > '${file}'\nwhile :; do sleep 0.02; done`;
    const jobId = await daemon.startJob(playbook([{ name: "polite", script }]));
    const pid = await pidIn(file);
    await post(daemon, jobId, "pause");
    await post(daemon, jobId, "pause", { freeze: true });
    assert.equal(await state(pid), "T");
    await post(daemon, jobId, "cancel");
    assert.equal((await daemon.ended(jobId)).status, "Cancelled");
    assert.match(await text(file), /bye/);
    assert.ok(!isAlive(pid));
  });
});

test("input: right after the start, again after kill -9, and its end; a script without it refuses", async () => {
  await Daemon.with(async (daemon) => {
    const file = daemon.workspace.path("file");
    const script = `while read -r line; do echo "got $line" >> '${file}'; done; echo end >> '${file}'`;
    const jobId = await daemon.startJob(
      playbook([
        { name: "reader", script, stdin: true },
        { name: "plain", script: "true" },
      ]),
    );
    await post(daemon, jobId, "input", { text: "one\n" });
    await waitFor("the first line", async () => (await text(file)) === "got one\n");
    await daemon.restart();
    await post(daemon, jobId, "input", { script: "reader", text: "two\n" });
    await waitFor("the second line", async () => (await text(file)).endsWith("got two\n"));
    const refused = await daemon.ask("POST", `/api/jobs/${jobId}/input`, { script: "plain", text: "x" });
    assert.equal(refused.status, 409);
    assert.match(refused.text, /takes no input/);
    await post(daemon, jobId, "input", { text: "three\n", eof: true });
    assert.equal((await daemon.ended(jobId)).status, "Completed");
    assert.equal(await text(file), "got one\ngot two\ngot three\nend\n");
    const late = await daemon.ask("POST", `/api/jobs/${jobId}/input`, { text: "x" });
    assert.equal(late.status, 409);
  });
});

test("a group runs one job at a time, also over kill -9; a newer one with cancelInProgress takes the place", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const waiting = `while [ ! -e '${gate}' ]; do sleep 0.02; done`;
    const member = (cancelInProgress: boolean): unknown =>
      playbook([{ name: "member", script: waiting }], { concurrency: { group: "Deploy", cancelInProgress } });
    const first = await daemon.startJob(member(false));
    await daemon.event(first, "ScriptStarted");
    const second = await daemon.startJob(member(false));
    const other = await daemon.startJob(playbook([{ name: "other", script: "true" }], { concurrency: "another" }));
    await daemon.ended(other);
    const queued = await daemon.job(second);
    assert.equal(queued.status, "Queued");
    assert.match(queued.reason, /one job of the group `Deploy`/);
    await daemon.restart();
    assert.equal((await daemon.job(second)).status, "Queued");
    const third = await daemon.startJob(member(true));
    assert.equal((await daemon.ended(first)).status, "Cancelled");
    const gone = await daemon.ended(second);
    assert.equal(gone.status, "Cancelled");
    assert.match(gone.reason, /#4 of the same group takes its place/);
    assert.equal(gone.startedAt, null, "it never left the queue");
    await daemon.event(third, "ScriptStarted");
    await writeFile(gate, "");
    assert.equal((await daemon.ended(third)).status, "Completed");
  });
});

test("jobs of a pool share its slots; a pool that nobody named is refused", async () => {
  await Daemon.with(async (plain) => {
    const refused = await plain.ask("POST", "/api/orchestrate", {
      text: JSON.stringify(playbook([{ name: "one", script: "true" }])),
      workspace: plain.workspace.folder,
      pool: "gpu",
    });
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.text, /no pool/);
    const config = plain.workspace.path("config");
    await mkdir(join(config, "aither"), { recursive: true });
    await writeFile(join(config, "aither", "config.json"), JSON.stringify({ pools: { gpu: 1 } }));
    await plain.stop();
    const daemon = await Daemon.start({ workspace: plain.workspace, env: { XDG_CONFIG_HOME: config } });
    try {
      const gate = daemon.workspace.path("gate");
      const waiting = playbook([{ name: "one", script: `while [ ! -e '${gate}' ]; do sleep 0.02; done` }]);
      const first = await daemon.startJob(waiting, { pool: "gpu" });
      await daemon.event(first, "ScriptStarted");
      const low = await daemon.startJob(playbook([{ name: "one", script: "true" }]), { pool: "gpu" });
      const high = await daemon.startJob(playbook([{ name: "one", script: "true" }]), { pool: "gpu", priority: 5 });
      const free = await daemon.startJob(playbook([{ name: "one", script: "true" }]));
      assert.equal((await daemon.ended(free)).status, "Completed");
      assert.match(scripts(await daemon.job(low))[0]?.reason ?? "", /free slot of the pool `gpu`/);
      await writeFile(gate, "");
      const times = await Promise.all([low, high].map(async (id) => (await daemon.ended(id)).endedAt ?? ""));
      assert.ok(times[1]! <= times[0]!, "the higher priority came first");
    } finally {
      await daemon[Symbol.asyncDispose]();
    }
  });
});

test("--at: queued until then, by the wall clock, also over kill -9; a cancel before then runs nothing", async () => {
  await Daemon.with(async (daemon) => {
    const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
    const later = at(2_500);
    const jobId = await daemon.startJob(playbook([{ name: "one", script: "true" }]), { at: later });
    const never = await daemon.startJob(playbook([{ name: "one", script: "true", if: "always()" }]), {
      at: at(3_600_000),
    });
    const queued = await daemon.job(jobId);
    assert.equal(queued.status, "Queued");
    assert.equal(queued.reason, `it starts at ${later}`);
    await daemon.restart();
    assert.equal((await daemon.job(never)).status, "Queued");
    await post(daemon, never, "cancel");
    const cancelled = await daemon.ended(never);
    assert.equal(cancelled.status, "Cancelled");
    assert.equal(cancelled.startedAt, null);
    assert.equal((await daemon.events(never)).filter(({ type }) => type === "ScriptScheduled").length, 0);
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Completed");
    const started = await daemon.event(jobId, "OrchestrationStarted");
    assert.ok(started.time >= later, `${started.time} ${later}`);
    const wrong = await daemon.ask("POST", "/api/orchestrate", { text: "{}", at: "tomorrow" });
    assert.equal(wrong.status, 400, wrong.text);
  });
});

for (const answer of ["resume", "cancel"] as const) {
  test(`a reboot and onInterrupted: ask: the job is paused and says why; ${answer} answers`, async () => {
    const bootId = join(tmpdir(), `boot-${answer}-${process.pid}`);
    await writeFile(bootId, "boot-one\n");
    try {
      await Daemon.with(
        async (daemon) => {
          const file = daemon.workspace.path("file");
          const gate = daemon.workspace.path("gate");
          const script = `echo $$ > '${file}'\nwhile [ ! -e '${gate}' ]; do sleep 0.02; done`;
          const jobId = await daemon.startJob(playbook([{ name: "asks", script, onInterrupted: "ask" }]));
          const pid = await pidIn(file);
          const { handle } = await daemon.event(jobId, "ScriptStarted");
          await daemon.kill();
          process.kill(handle.pid, "SIGKILL");
          process.kill(pid, "SIGKILL");
          await writeFile(bootId, "boot-two\n");
          await daemon.launch();
          const paused = await daemon.event(jobId, "OrchestrationPaused");
          assert.equal(paused.by, "daemon");
          const job = await daemon.job(jobId);
          assert.equal(job.status, "Paused");
          assert.match(job.reason, /`asks` was interrupted .*resume runs it again, cancel ends the job/);
          // A question is not forgotten with the daemon that asked it.
          await daemon.restart();
          assert.equal((await daemon.job(jobId)).status, "Paused");
          await writeFile(gate, "");
          await post(daemon, jobId, answer);
          const ended = await daemon.ended(jobId);
          assert.equal(ended.status, answer === "resume" ? "Completed" : "Cancelled");
          assert.equal(scripts(ended)[0]?.attempts.length, answer === "resume" ? 2 : 1);
        },
        { env: { AITHER_TEST_BOOT_ID_FILE: bootId } },
      );
    } finally {
      await rm(bootId);
    }
  });
}

test("after a reboot what says fail fails, and what says nothing, too", async () => {
  const bootId = join(tmpdir(), `boot-fail-${process.pid}`);
  await writeFile(bootId, "boot-one\n");
  try {
    await Daemon.with(
      async (daemon) => {
        const file = daemon.workspace.path("file");
        const jobId = await daemon.startJob(playbook([{ name: "one", script: `echo $$ > '${file}'; sleep 600` }]));
        const pid = await pidIn(file);
        const { handle } = await daemon.event(jobId, "ScriptStarted");
        await daemon.kill();
        for (const one of [handle.pid, pid]) process.kill(one, "SIGKILL");
        process.kill(-handle.pid, "SIGKILL");
        await writeFile(bootId, "boot-two\n");
        await daemon.launch();
        const job = await daemon.ended(jobId);
        assert.equal(job.status, "Failed");
        assert.match(job.reason, /was interrupted: the machine was restarted/);
      },
      { env: { AITHER_TEST_BOOT_ID_FILE: bootId } },
    );
  } finally {
    await rm(bootId);
  }
});

test("a retry has the outputs of what it does not run again", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const text = {
      apiVersion: "aither/v1",
      metadata: { name: "control" },
      orchestration: {
        jobs: {
          build: {
            outputs: { made: "${{ steps.one.outputs.made }}" },
            steps: [
              { id: "one", name: "one", shell: "sh", script: 'echo "made=thing" >> "$AITHER_OUTPUT"' },
              {
                name: "two",
                shell: "sh",
                script: `test "\${{ steps.one.outputs.made }}" = thing && test "\${{ steps.one.outcome }}" = success && test -e '${gate}'`,
              },
            ],
          },
          ship: {
            needs: ["build"],
            steps: [{ name: "three", shell: "sh", script: 'test "${{ needs.build.outputs.made }}" = thing' }],
          },
        },
      },
    };
    const jobId = await daemon.startJob(text);
    assert.equal((await daemon.ended(jobId)).status, "Failed");
    await writeFile(gate, "");
    const { body, status, text: said } = await daemon.ask("POST", `/api/jobs/${jobId}/retry`, {});
    assert.equal(status, 202, said);
    const job = await daemon.ended((body as { jobId: string }).jobId);
    assert.equal(job.status, "Completed", JSON.stringify(job.stages));
    assert.deepEqual(
      scripts(job).map(({ status: how }) => how),
      ["Skipped", "Completed", "Completed"],
    );
  });
});

test("while it is being cancelled, a job says what was sent, when more comes, and who is alive", async () => {
  await Daemon.with(async (daemon) => {
    const file = daemon.workspace.path("file");
    const script = `trap '' TERM\necho $$ > '${file}'\nwhile :; do sleep 0.05; done`;
    const jobId = await daemon.startJob(playbook([{ name: "deaf", script }]));
    const pid = await pidIn(file);
    await post(daemon, jobId, "cancel");
    const { stopping, status } = scripts(await daemon.job(jobId))[0]!;
    assert.equal(status, "Cancelling");
    assert.equal(stopping?.signal, "TERM");
    assert.equal(stopping.cause, "cancel");
    assert.ok(stopping.pids.includes(pid), `${stopping.pids.join()} has ${pid}`);
    const graceMs = Date.parse(stopping.nextAt ?? "") - Date.now();
    assert.ok(graceMs > 5_000 && graceMs <= 10_000, String(graceMs));
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Cancelled");
    assert.ok(!isAlive(pid));
    assert.equal(scripts(job)[0]?.stopping, undefined);
  });
});
