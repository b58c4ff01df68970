/** What a daemon costs that has seen much: a long history, many jobs at once, one journal of very many events. */
import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Event, JobSummary } from "@aither/protocol";
import { eventLines } from "../../daemon/src/store/journal-text.ts";
import { frames, lines, open } from "../integration/lib/http.ts";
import { Daemon } from "../rig/daemon.ts";
import { playbook } from "../rig/gated.ts";
import { writeManyJobs } from "../rig/many-jobs.ts";
import { waitFor } from "../rig/wait.ts";

const MEGABYTE = 1024 ** 2;

/** Where Linux alone tells what a process uses. */
function skipWithoutProc(context: TestContext): boolean {
  if (process.platform === "linux") return false;
  context.skip("skipped: what a process uses is told by Linux alone");
  return true;
}

function rssBytes(daemon: Daemon): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${daemon.pid}/status`, "utf8"))?.[1]) * 1024;
}

/** Processor time of the daemon itself: user and system, in the hundredths that Linux counts for everybody. */
function cpuMs(daemon: Daemon): number {
  const stat = readFileSync(`/proc/${daemon.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function oneInTheHistory(daemon: Daemon): Promise<void> {
  await daemon.ended(await daemon.startJob(playbook("echo found it")));
  const active = join(daemon.workspace.places.state, "active");
  await waitFor("its place in the history", () => readdirSync(active).length === 0);
}

test("with 3,000 finished jobs and 100 running ones, listings and followers leave memory as it was, and idle is idle", async (context) => {
  if (skipWithoutProc(context)) return;
  await Daemon.with(
    async (daemon) => {
      await oneInTheHistory(daemon);
      await daemon.stop();
      writeManyJobs({ state: daemon.workspace.places.state, count: 3_000 });
      await daemon.launch();
      const gate = daemon.workspace.path("gate");
      // Waits without waking up: what is measured is the daemon, on a machine that is not busy with its scripts.
      const script = `echo begun; [ -p ${gate} ] || mkfifo ${gate} 2>/dev/null || :; read line < ${gate}; exit 0`;
      const running: string[] = [];
      for (let at = 0; at < 100; at += 1) running.push(await daemon.startJob(playbook(script)));
      for (const jobId of running) await daemon.event(jobId, "ScriptStarted");
      try {
        const listed = async (query: string): Promise<JobSummary[]> => {
          const { status, body, text } = await daemon.ask("GET", `/api/jobs?${query}`);
          assert.equal(status, 200, text);
          return (body as { jobs: JobSummary[] }).jobs;
        };
        assert.equal((await listed("status=Running&limit=200")).length, 100);
        const round = async (): Promise<void> => {
          assert.equal((await listed("limit=500")).length, 500);
          assert.ok((await listed("status=Failed&text=playbook-7&limit=50")).length > 0);
          await Promise.all(running.slice(0, 20).map(async (jobId) => followShortly(daemon, jobId)));
        };
        for (let at = 0; at < 40; at += 1) await round();
        const before = rssBytes(daemon);
        for (let at = 0; at < 120; at += 1) await round();
        const after = rssBytes(daemon);
        assert.ok(after < before * 1.3 + 30 * MEGABYTE, `${before} bytes became ${after}`);

        const spent = cpuMs(daemon);
        await delay(5_000);
        const idleMs = cpuMs(daemon) - spent;
        context.diagnostic(`idle: ${idleMs} ms; ${before} bytes became ${after}`);
        assert.ok(idleMs < 500, `${idleMs} ms of 5,000 while nothing happened`);
      } finally {
        await release(gate, async () =>
          (await daemon.ask("GET", "/api/jobs?status=Running&limit=1")).text.includes(`"jobs":[]`),
        );
      }
    },
    // A small young generation is collected often: what stays is what is kept.
    { nodeArgv: ["--max-semi-space-size=2"] },
  );
});

/** Comes as a follower of events and output does, sees what there is, and leaves in the middle. */
async function followShortly(daemon: Daemon, jobId: string): Promise<void> {
  const { socket } = daemon.workspace.places;
  for await (const frame of frames(socket, `/api/jobs/${jobId}/events?after=0`)) if (frame.type === "event") break;
  const logs = await open(socket, `/api/jobs/${jobId}/logs?follow=1`);
  for await (const part of logs) if (String(part).includes("begun")) break;
}

/** Whoever reads the pipe goes when its last writer has; one that comes late needs another writer. */
async function release(gate: string, isOver: () => Promise<boolean>): Promise<void> {
  await waitFor("the end of all", async () => {
    const writer = await openFile(gate, "r+");
    await writer.write("go\n".repeat(200));
    const over = await isOver();
    await writer.close();
    return over;
  });
}

const eventsMany = 200_000;

test("a journal of 200,000 events: its daemon starts, pages, follows and ends it, in bounded memory", async (context) => {
  if (skipWithoutProc(context)) return;
  await Daemon.with(async (daemon) => {
    const { socket } = daemon.workspace.places;
    const gate = daemon.workspace.path("gate");
    const jobId = await daemon.startJob(playbook(`until [ -e ${gate} ]; do sleep 0.05; done`));
    await daemon.event(jobId, "ScriptStarted");
    await daemon.stop();
    const first = await daemon.events(jobId);
    const file = join(await daemon.workspace.jobFolder(jobId), "events.ndjson");
    appendFileSync(file, pauses(first.at(-1)!, eventsMany - first.length));

    await daemon.launch();
    const job = await daemon.job(jobId);
    assert.equal(job.status, "Running");
    assert.ok(job.seq >= eventsMany, `${job.seq} events`);
    const page = async (query: string): Promise<Event[]> => {
      const found: Event[] = [];
      for await (const event of lines<Event>(await open(socket, `/api/jobs/${jobId}/events?${query}`)))
        found.push(event);
      return found;
    };
    const tail = await page(`after=${eventsMany - 50}`);
    assert.deepEqual(
      tail.map(({ seq }) => seq),
      Array.from({ length: job.seq - eventsMany + 50 }, (_, at) => eventsMany - 49 + at),
    );
    let seq = 0;
    for await (const event of lines<Event>(await open(socket, `/api/jobs/${jobId}/events`))) {
      assert.equal(event.seq, seq + 1);
      seq = event.seq;
    }
    assert.equal(seq, job.seq);

    const followed: number[] = [];
    const following = (async () => {
      for await (const frame of frames(socket, `/api/jobs/${jobId}/events?after=${job.seq}`))
        if (frame.type === "event") followed.push(frame.event.seq);
    })();
    // Who begins at the beginning leaves when it has seen enough, and costs nobody the rest.
    for (let at = 0; at < 5; at += 1) {
      let taken = 0;
      for await (const frame of frames(socket, `/api/jobs/${jobId}/events?after=0`))
        if (frame.type === "event" && ++taken === 100) break;
    }
    await daemon.workspace.write("../gate", "");
    const ended = await daemon.ended(jobId);
    assert.equal(ended.status, "Completed");
    await following;
    assert.deepEqual(
      followed,
      Array.from({ length: ended.seq - job.seq }, (_, at) => job.seq + 1 + at),
    );
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${daemon.pid}/status`, "utf8"))?.[1]) * 1024;
    context.diagnostic(`at most ${Math.round(peak / MEGABYTE)} MB`);
    assert.ok(peak < 1_024 * MEGABYTE, `${peak} bytes`);

    await daemon.restart();
    assert.equal((await daemon.job(jobId)).seq, ended.seq);
  });
});

/** Pairs of pause and resume in the store's own lines, right behind `last`. */
function pauses(last: Event, count: number): Buffer {
  const { v, time, jobId } = last;
  const more = Array.from({ length: count + (count % 2) }, (_, at) => {
    const envelope = { v, seq: last.seq + 1 + at, time, jobId };
    return at % 2 === 0
      ? { ...envelope, type: "OrchestrationPaused", by: "test" }
      : { ...envelope, type: "OrchestrationResumed", by: "test" };
  });
  return eventLines(more as Event[]);
}
