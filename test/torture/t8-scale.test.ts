/** T8: many live scripts at once, the daemon killed three times; each is adopted, each ends with its own code. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, renameSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { DaemonStatus } from "@aither/protocol";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { violationsOf } from "./checkers/index.ts";
import { ready } from "./lib/chaos.ts";
import { submit } from "./lib/clients.ts";
import { collect } from "./lib/collect.ts";
import { Diary } from "./lib/diary.ts";
import { read } from "./lib/machine.ts";
import { codeOf, type ScriptSpec } from "./lib/script.ts";
import type { JobSpec } from "./lib/workload.ts";

const PATIENCE_MS = 20 * 60_000;
/** 1,000 jobs of 5 scripts in the long run. */
const jobCount = Number(process.env["AITHER_TORTURE_JOBS"] ?? 100);
const scriptsEach = 5;

/** A reader of a pipe that nobody writes costs nothing while it waits: no clock, no child. */
function sleeper({ id }: ScriptSpec): string {
  return [
    `echo "start ${id} $AITHER_ATTEMPT $$" >> "$LEDGER"`,
    `[ ! -p "$GATE" ] || read -r _ < "$GATE" || true`,
    `echo "end ${id} $AITHER_ATTEMPT $$" >> "$LEDGER"`,
    `exit ${codeOf(id)}`,
  ].join("\n");
}

function specs(): JobSpec[] {
  let id = 0;
  return Array.from({ length: jobCount }, (_, at) => ({
    key: `scale-${at + 1}`,
    stages: [
      {
        parallel: true,
        scripts: Array.from({ length: scriptsEach }, () => ({ id: ++id, lines: 0, sleepMs: 0, idempotent: false })),
      },
    ],
    copies: 1,
    cancelAfterMs: null,
  }));
}

/** Everybody who reads the pipe goes on; nobody who comes later finds it. */
function open(gate: string): void {
  const fd = openSync(gate, constants.O_RDWR);
  writeFileSync(`${gate}.open`, "");
  renameSync(`${gate}.open`, gate);
  closeSync(fd);
}

/** On a busy machine only this tells what a start costs; a tick has 10 ms. */
function cpuMs(pid: number): number {
  const fields = (read(`/proc/${pid}/stat`) ?? "").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function count(ledger: string, what: string): number {
  return (read(ledger) ?? "").split("\n").filter((line) => line.startsWith(what)).length;
}

test(`${jobCount} jobs with ${jobCount * scriptsEach} live scripts, restarted three times`, async (t) => {
  const jobs = specs();
  const scripts = jobCount * scriptsEach;
  await Daemon.with(
    async (daemon) => {
      const ledger = daemon.workspace.path("ledger");
      const gate = daemon.workspace.path("gate");
      writeFileSync(ledger, "");
      execFileSync("mkfifo", [gate]);
      const diary = new Diary(jobs);
      const env = { LEDGER: ledger, GATE: gate };
      for (let at = 0; at < jobs.length; at += 10) {
        const some = jobs.slice(at, at + 10);
        await Promise.all(some.map(async (job) => submit({ daemon, diary, env }, job, sleeper)));
      }
      await waitFor("all scripts to live", () => count(ledger, "start") === scripts, PATIENCE_MS);
      for (let life = 1; life <= 3; life += 1) {
        await daemon.kill();
        const before = performance.now();
        await daemon.spawn();
        await ready(daemon);
        const answersMs = performance.now() - before;
        const { rssBytes } = (await daemon.ask("GET", "/api/daemon")).body as DaemonStatus;
        const rss = `${Math.round(rssBytes / 1_048_576)} MB`;
        t.diagnostic(
          `life ${life}: answers ${answersMs.toFixed(0)} ms after its start, ${cpuMs(daemon.pid)} ms of CPU, ${rss}`,
        );
      }
      open(gate);
      await waitFor("all scripts to end", () => count(ledger, "end") === scripts, PATIENCE_MS);
      for (const jobId of diary.jobIds) {
        const over = async (): Promise<boolean> => (await daemon.job(jobId)).endedAt !== null;
        await waitFor(`the end of ${jobId}`, over, PATIENCE_MS);
      }
      const nothing = { changedByRecovery: [], changedByListing: [] };
      assert.deepEqual(violationsOf(collect(daemon.workspace.places.state, ledger, diary, nothing)), []);
    },
    { argv: ["--slots", String(scripts)] },
  );
});
