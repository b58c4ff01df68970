/** Traps that need the whole product and stand nowhere else: see the table in docs/testing.md. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Daemon } from "../rig/daemon.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";

const v3 = (name: string, jobs: unknown): unknown => ({
  apiVersion: "aither/v1",
  metadata: { name },
  orchestration: { jobs },
});

/** Names that could be taken for something else: each printable byte, very long ones, two spellings of one look. */
const names = [
  String.fromCharCode(...Array.from({ length: 47 }, (_, at) => 33 + at)).replaceAll(/[${}]/g, ""),
  String.fromCharCode(...Array.from({ length: 47 }, (_, at) => 80 + at)).replaceAll(/[${}]/g, ""),
  "x".repeat(255),
  `${"x".repeat(254)}y`,
  "\u00e9",
  "e\u0301",
  "case",
  "CASE",
  "..",
  "a/b",
  ".hidden",
  "-rf",
  "with blanks  and\ttabs",
];

test("names that could be taken for instructions are names: each has its own files, output and way to be asked for", async () => {
  await Daemon.with(async (daemon) => {
    const jobs = Object.fromEntries(
      names.map((name, at) => [
        ["..", "a.b"][at] ?? `s${at}`,
        { name, steps: [{ name, shell: "sh", script: `echo said ${at}` }] },
      ]),
    );
    const jobId = await daemon.startJob(v3("odd-names", jobs));
    const job = await daemon.ended(jobId);
    assert.equal(job.status, "Completed");
    assert.deepEqual(
      job.stages.map(({ name }) => name),
      names,
    );
    const keys = job.stages.map(({ legs }) => legs[0]?.scripts[0]?.key ?? assert.fail("a stage without a script"));
    for (const [at, key] of keys.entries()) {
      const asked = encodeURIComponent(key);
      const { text } = await daemon.ask("GET", `/api/jobs/${jobId}/logs?script=${asked}`);
      assert.equal(text, `said ${at}\n`, `the output of ${JSON.stringify(key)}`);
      assert.equal((await daemon.ask("GET", `/api/jobs/${jobId}/explain?subject=${asked}`)).status, 200, key);
    }
    const files = await readdir(join(await daemon.workspace.jobFolder(jobId), "scripts"));
    assert.equal(files.filter((file) => file.endsWith(".log")).length, names.length, files.join(" "));
  });
});

test("an id that could be taken for an instruction is refused with its place", async () => {
  await Daemon.with(async (daemon) => {
    for (const id of ["a b", "a/b", "${{ x }}", "\u00e9", "-rf ", "a*"]) {
      const body = { text: JSON.stringify(v3("ids", { [id]: { steps: [{ shell: "sh", script: "true" }] } })) };
      const { status, body: told } = await daemon.ask("POST", "/api/orchestrate", {
        ...body,
        workspace: daemon.workspace.folder,
      });
      assert.equal(status, 422, id);
      assert.match((told as { detail: string }).detail, /^1:\d+: .* is no stage id/, id);
    }
  });
});

test("a daemon that stood still for a while marks nothing dead that lives, and at once what died meanwhile", async () => {
  await Daemon.with(async (daemon) => {
    const { workspace } = daemon;
    const gate = workspace.path("gate");
    const wait = `until [ -e ${gate} ]; do sleep 0.05; done`;
    const living = await daemon.startJob(v3("living", { a: { steps: [{ shell: "sh", script: wait }] } }));
    const dying = await daemon.startJob(v3("dying", { a: { steps: [{ shell: "sh", script: `${wait}.other` }] } }));
    await daemon.event(living, "ScriptStarted");
    const { handle } = await daemon.event(dying, "ScriptStarted");
    process.kill(daemon.pid, "SIGSTOP");
    try {
      // The wrapper and its script: nobody is left who could say how it ended.
      process.kill(-handle.pid, "SIGKILL");
    } finally {
      process.kill(daemon.pid, "SIGCONT");
    }
    const ended = await daemon.ended(dying);
    assert.equal(ended.status, "Failed");
    assert.equal((await daemon.job(living)).status, "Running");
    await workspace.write("../gate", "");
    assert.equal((await daemon.ended(living)).status, "Completed");
  });
});

test("under full load and after standing still for seconds, again and again: what lives is never marked dead", async () => {
  const busy = Array.from({ length: 2 * availableParallelism() }, () =>
    spawn("/bin/sh", ["-c", "while :; do :; done"], { stdio: "ignore" }),
  );
  try {
    await Daemon.with(async (daemon) => {
      const gate = daemon.workspace.path("gate");
      const wait = `until [ -e ${gate} ]; do sleep 0.2; done`;
      const steps = Array.from({ length: 10 }, () => ({ shell: "sh", script: wait }));
      const living = await daemon.startJob(v3("living", { a: { parallel: true, steps } }));
      const running = async (): Promise<number> =>
        (await daemon.job(living)).stages[0]?.legs[0]?.scripts.filter(({ status }) => status === "Running").length ?? 0;
      await waitFor("all of them", async () => (await running()) === steps.length, 60_000);
      for (let round = 0; round < 3; round += 1) {
        const dying = await daemon.startJob(v3("dying", { a: { steps: [{ shell: "sh", script: `${wait}.never` }] } }));
        const { handle } = await daemon.event(dying, "ScriptStarted");
        process.kill(daemon.pid, "SIGSTOP");
        process.kill(-handle.pid, "SIGKILL");
        // The only way to have stood still for a time is to let it pass.
        await delay(2_000);
        const wokenAt = Date.now();
        process.kill(daemon.pid, "SIGCONT");
        assert.equal((await daemon.ended(dying)).status, "Failed");
        assert.ok(Date.now() - wokenAt < 15_000, `${Date.now() - wokenAt} ms to see a death`);
        assert.equal(await running(), steps.length);
      }
      await daemon.restart();
      assert.equal(await running(), steps.length);
      await daemon.workspace.write("../gate", "");
      const { status, stages } = await daemon.ended(living);
      assert.equal(status, "Completed");
      for (const { attempts } of stages[0]?.legs[0]?.scripts ?? []) assert.equal(attempts.length, 1);
    });
  } finally {
    for (const child of busy) child.kill("SIGKILL");
  }
});

test("a time limit ends what ignores TERM, what never reads, what stands still and what left its session, each within limit and grace", async () => {
  const graceMs = 1_000;
  const patches = [
    { file: "packages/core/src/plan/script-settings.ts", find: "afterMs: 10_000", replace: `afterMs: ${graceMs}` },
  ];
  const cases: Record<string, object> = {
    deaf: { script: "trap '' TERM HUP INT; echo $$ > deaf; while :; do sleep 1; done" },
    unread: { script: "echo $$ > unread; while :; do sleep 1; done", stdin: true },
    stopped: { script: "echo $$ > stopped; kill -STOP $$" },
    shedding: { script: "setsid sh -c 'trap \"\" TERM; echo $$ > shedding; while :; do sleep 1; done' & wait" },
  };
  await Daemon.with(
    async (daemon) => {
      const jobIds = new Map<string, string>();
      for (const [name, step] of Object.entries(cases)) {
        const steps = [{ id: name, shell: "sh", timeout: 2, ...step }];
        jobIds.set(name, await daemon.startJob(v3(name, { a: { steps } })));
      }
      // More than any pipe holds: whoever sends it waits, and nobody else.
      const sent = daemon.ask("POST", `/api/jobs/${jobIds.get("unread")}/input`, { text: "x".repeat(500_000) });
      for (const [name, jobId] of jobIds) {
        const job = await daemon.ended(jobId);
        assert.equal(job.status, "Failed", name);
        assert.equal(job.stages[0]?.legs[0]?.scripts[0]?.attempts[0]?.failure?.kind, "timeout", name);
        const pid = Number(await daemon.workspace.text("w", name));
        assert.ok(pid > 0 && !isAlive(pid), `${name}: ${pid} lives`);
        const at = async (type: "ScriptStarted" | "StageFailed"): Promise<number> =>
          Date.parse((await daemon.event(jobId, type)).time);
        const tookMs = (await at("StageFailed")) - (await at("ScriptStarted"));
        // The limit runs from the process's own start, a little before it was recorded; the rest is what a busy machine
        // may take for itself.
        assert.ok(tookMs > 1_000 && tookMs < 2_000 + graceMs + 8_000, `${name}: ${tookMs} ms`);
      }
      await sent.catch(() => undefined);
    },
    { patches },
  );
});

test("who outlives a cancelled script has its grace, and is ended with it, also over a kill -9 of the daemon", async () => {
  const patches = [
    { file: "packages/core/src/plan/script-settings.ts", find: "afterMs: 10_000", replace: "afterMs: 4_000" },
  ];
  const deaf = `setsid sh -c 'trap "" TERM; echo $$ > deaf; while :; do sleep 1; done' & `;
  const polite = `setsid sh -c 'trap "sleep 1; echo tidied > polite; exit" TERM; while :; do sleep 0.1; done' & `;
  const script = `${deaf}${polite} echo $$ > main; while :; do sleep 0.1; done`;
  await Daemon.with(
    async (daemon) => {
      const pidOf = async (name: string): Promise<number> =>
        waitFor(
          `the pid of ${name}`,
          async () => Number(await daemon.workspace.text("w", name).catch(() => "0")) || null,
        );
      for (const isKilled of [false, true]) {
        const jobId = await daemon.startJob(v3("shedding", { a: { steps: [{ shell: "sh", script }] } }));
        const [main, child] = [await pidOf("main"), await pidOf("deaf")];
        assert.equal((await daemon.ask("POST", `/api/jobs/${jobId}/cancel`, {})).status, 202);
        await waitFor("the end of the script itself", () => !isAlive(main));
        if (isKilled) await daemon.restart();
        const job = await daemon.ended(jobId);
        assert.equal(job.status, "Cancelled");
        assert.equal(isAlive(child), false, "a cancel that leaves somebody behind");
        assert.equal(await daemon.workspace.text("w", "polite"), "tidied\n", "who tidies up has the time for it");
        assert.equal((await daemon.event(jobId, "ScriptCancelled")).leftovers, undefined);
        for (const name of ["main", "deaf", "polite"]) await rm(daemon.workspace.path("w", name));
      }
    },
    { patches },
  );
});

test("output that comes after the end of its script disturbs nobody", async () => {
  await Daemon.with(async (daemon) => {
    const gate = daemon.workspace.path("gate");
    const late = `(until [ -e ${gate} ]; do sleep 0.05; done; echo late; echo late >&2; echo done > done)`;
    const steps = [{ shell: "sh", script: `${late} & echo early` }];
    const jobId = await daemon.startJob(v3("late", { a: { steps } }));
    const { status, seq } = await daemon.ended(jobId);
    assert.equal(status, "Completed");
    await daemon.workspace.write("../gate", "");
    await waitFor("what is late", async () => (await daemon.workspace.text("w", "done").catch(() => "")) !== "");
    // What comes next finds the same daemon, and the job as it ended.
    await daemon.ended(await daemon.startJob(v3("next", { a: { steps: [{ shell: "sh", script: "echo next" }] } })));
    assert.equal((await daemon.job(jobId)).seq, seq);
    assert.match((await daemon.ask("GET", `/api/jobs/${jobId}/logs`)).text, /^early\n/);
    const { pid } = (await daemon.ask("GET", "/api/daemon")).body as { pid: number };
    assert.equal(pid, daemon.pid);
  });
});

test("a cancel in every state, twice: queued until later, running, waiting for a retry, paused", async () => {
  await Daemon.with(async (daemon) => {
    const slow = { shell: "sh", script: "trap '' TERM; while :; do sleep 0.05; done" };
    const cases: [
      what: string,
      jobs: unknown,
      extras: Record<string, unknown>,
      ready: (jobId: string) => Promise<unknown>,
    ][] = [
      [
        "queued",
        { a: { steps: [slow] } },
        { at: "2100-01-01T00:00:00Z" },
        async (jobId) => daemon.event(jobId, "OrchestrationQueued"),
      ],
      ["running", { a: { steps: [slow] } }, {}, async (jobId) => daemon.event(jobId, "ScriptStarted")],
      [
        "waiting for a retry",
        { a: { steps: [{ shell: "sh", script: "exit 3", retries: 5, backoff: { initial: 3_600, max: 3_600 } }] } },
        {},
        async (jobId) => daemon.event(jobId, "ScriptRetried"),
      ],
      [
        "paused",
        { a: { steps: [slow] } },
        {},
        async (jobId) => {
          await daemon.event(jobId, "ScriptStarted");
          assert.equal((await daemon.ask("POST", `/api/jobs/${jobId}/pause`, {})).status, 202);
        },
      ],
    ];
    for (const [what, jobs, extras, ready] of cases) {
      const jobId = await daemon.startJob(v3("to-cancel", jobs), extras);
      await ready(jobId);
      const [one, two] = await Promise.all([
        daemon.ask("POST", `/api/jobs/${jobId}/cancel`, { force: true }),
        daemon.ask("POST", `/api/jobs/${jobId}/cancel`, { force: true }),
      ]);
      for (const { status } of [one, two]) assert.ok(status === 202 || status === 409, `${what}: ${status}`);
      const job = await waitFor(
        `the end of what was ${what}`,
        async () => {
          const now = await daemon.job(jobId);
          return now.endedAt === null ? null : now;
        },
        60_000,
      );
      assert.equal(job.status, "Cancelled", what);
      const events = await daemon.events(jobId);
      assert.ok(events.length < 60, `${what}: ${events.length} events`);
    }
  });
});
