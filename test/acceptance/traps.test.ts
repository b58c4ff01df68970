/** Traps that need the whole product and stand nowhere else: see the table in docs/testing.md. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Daemon } from "../rig/daemon.ts";
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
