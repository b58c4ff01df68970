import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { Event, LogLine } from "@aither/protocol";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { bytesOf, frames, lines, open } from "./lib/http.ts";
import { Lab, sh } from "./lib/lab.ts";

/** Streams whose daemon goes away under them: nobody takes a part for the whole, and nothing is lost or told twice. */

test("a daemon that stops in good order breaks its streams off instead of ending them", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh("echo begun; while [ ! -e gate ]; do sleep 0.02; done", { name: "waits" })]);
  const paths = [
    `/api/jobs/${jobId}/events?follow=1`,
    `/api/jobs/${jobId}/logs?follow=1`,
    `/api/jobs/${jobId}/logs?follow=1&format=ndjson`,
  ];
  const reading = paths.map(async (path) => {
    const answer = await open(lab.socket, path);
    for await (const part of answer) assert.ok((part as Buffer).length > 0);
  });
  const settled = Promise.allSettled(reading);
  const socket = frames(lab.socket, `/api/jobs/${jobId}/events`);
  await socket.next();
  const waiting = open(lab.socket, `/api/jobs/${jobId}/wait`);
  const followed = await open(lab.socket, paths[1] ?? "");
  for await (const part of followed) if ((part as Buffer).includes("begun")) break;
  await lab.restart();
  for (const [index, one] of (await settled).entries())
    assert.equal(one.status, "rejected", `${paths[index]} came to a proper end`);
  assert.equal((await waiting).statusCode, 503);
  let last = await socket.next();
  while (!last.done) last = await socket.next();
  assert.equal(last.value, 1001);
  await lab.host.engine.submit(jobId, { is: "cancel", by: "test", force: true });
  await lab.ended(jobId);
});

test("readers that come back after kill -9 get one gapless text and each event once", async () => {
  await Daemon.with(async (daemon) => {
    const { workspace } = daemon;
    const gate = workspace.path("gate");
    const script = `i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line $i; if [ $((i % 100)) = 0 ]; then while [ ! -e ${gate}$i ]; do sleep 0.02; done; fi; done`;
    const steps = [1, 2, 3].map((index) => ({ name: `s${index}`, script }));
    const jobId = await daemon.startJob({
      metadata: { name: "long" },
      orchestration: { jobs: { a: { steps, parallel: true } } },
    });
    const text = new Text();
    const seen = new Seen();
    const following = [followLogs(daemon, jobId, text), followEvents(daemon, jobId, seen)];
    for (const at of [100, 200, 300]) {
      await waitFor(`line ${at} of all three at the reader`, () =>
        text.streams().every((one) => one.includes(`line ${at}\n`)),
      );
      // The scripts go on while nobody is there.
      if (at < 300) await daemon.kill();
      await writeFile(`${gate}${at}`, "");
      if (at < 300) await daemon.launch();
    }
    await Promise.all(following);
    const wanted = Array.from({ length: 300 }, (_, index) => `line ${index + 1}\n`).join("");
    assert.deepEqual(text.streams(), [wanted, wanted, wanted]);
    const events = await daemon.events(jobId);
    assert.deepEqual(seen.events, events);
    assert.equal(events.at(-1)?.type, "OrchestrationCompleted");
  });
});

class Text {
  readonly offsets = new Map<string, number>();
  readonly parts = new Map<string, string>();

  take(line: LogLine): void {
    const name = `${line.script}#${line.attempt}`;
    const bytes = bytesOf(line);
    assert.equal(line.offset - bytes.length, this.offsets.get(name) ?? 0, "a gap or a repeat");
    this.offsets.set(name, line.offset);
    this.parts.set(name, (this.parts.get(name) ?? "") + bytes.toString());
  }

  cursor(): string {
    return encodeURIComponent([...this.offsets].map(([name, offset]) => `${name}:${offset}`).join(","));
  }

  streams(): string[] {
    return this.parts.size < 3 ? ["", "", ""] : [...this.parts.values()];
  }
}

class Seen {
  readonly events: Event[] = [];
}

async function followLogs(daemon: Daemon, jobId: string, text: Text): Promise<void> {
  await untilWhole(async () => {
    const path = `/api/jobs/${jobId}/logs?format=ndjson&follow=1&cursor=${text.cursor()}`;
    for await (const line of lines<LogLine>(await open(daemon.workspace.places.socket, path))) text.take(line);
    return true;
  });
}

async function followEvents(daemon: Daemon, jobId: string, seen: Seen): Promise<void> {
  await untilWhole(async () => {
    const path = `/api/jobs/${jobId}/events?after=${seen.events.at(-1)?.seq ?? 0}`;
    for await (const frame of frames(daemon.workspace.places.socket, path)) {
      if (frame.type === "event") seen.events.push(frame.event);
      if (frame.type === "end") return true;
    }
    return false;
  });
}

/** Comes back as long as the daemon is away or breaks off. A check that fails inside is not forgiven. */
async function untilWhole(read: () => Promise<boolean>): Promise<void> {
  await waitFor("the end of the stream", async () => {
    try {
      return await read();
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return false;
    }
  });
}
