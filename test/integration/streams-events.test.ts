import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Event, EventFrame, JobId, JobSummary, StreamFrame } from "@aither/protocol";
import { jobEvents } from "../../daemon/src/api/streams/job-events.ts";
import { ask, frames, lines, open } from "./lib/http.ts";
import { Lab, sh } from "./lib/lab.ts";

/** Events as readers get them: every one, once, in order, however they come and go. */

const waitAt = (gate: string) => `while [ ! -e ${gate} ]; do sleep 0.02; done`;

async function ndjson(lab: Lab, jobId: JobId, query = ""): Promise<Event[]> {
  const found: Event[] = [];
  const answer = await open(lab.socket, `/api/jobs/${jobId}/events?${query}`);
  for await (const event of lines<Event>(answer)) found.push(event);
  return found;
}

async function all(stream: AsyncIterable<StreamFrame>): Promise<StreamFrame[]> {
  const found: StreamFrame[] = [];
  for await (const frame of stream) found.push(frame);
  return found;
}

function count(to: number, from = 1): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

test("NDJSON: what there is, from any seq on; with follow, up to the job's end", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const jobId = await lab.run([sh("true"), sh(waitAt(gate)), sh("false")]);
  const following = ndjson(lab, jobId, "follow");
  const early = await ndjson(lab, jobId);
  assert.deepEqual(
    early.map(({ seq }) => seq),
    count(early.length),
  );
  await writeFile(gate, "");
  const whole = await following;
  assert.deepEqual(
    whole.map(({ seq }) => seq),
    count(whole.length),
  );
  assert.deepEqual(whole.slice(0, early.length), early);
  assert.equal(whole.at(-1)?.type, "OrchestrationFailed");
  for (const follow of ["", "&follow=1"]) {
    assert.deepEqual(await ndjson(lab, jobId, follow), whole);
    assert.deepEqual(await ndjson(lab, jobId, `after=5${follow}`), whole.slice(5));
    assert.deepEqual(await ndjson(lab, jobId, `after=${whole.length}${follow}`), []);
  }
});

test("a job's WebSocket: hello, snapshot, events, end; the same for a job that ended long ago", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const jobId = await lab.run([sh(waitAt(gate))]);
  const live = frames(lab.socket, `/api/jobs/${jobId}/events`);
  const hello = await live.next();
  assert.ok(!hello.done && hello.value.type === "hello");
  assert.equal(hello.value.instance, lab.host.instance);
  const snapshot = await live.next();
  assert.ok(!snapshot.done && snapshot.value.type === "snapshot");
  assert.equal(snapshot.value.job.jobId, jobId);
  const { seq } = snapshot.value;
  assert.equal(seq, snapshot.value.job.seq);
  await writeFile(gate, "");
  const rest = await all(live);
  const events = rest.filter((frame) => frame.type === "event");
  assert.deepEqual(
    events.map(({ event }) => event.seq),
    count(seq + events.length, seq + 1),
  );
  assert.deepEqual(rest.at(-1), { type: "end", seq: seq + events.length });

  await lab.restart();
  const late = await all(frames(lab.socket, `/api/jobs/${jobId}/events`));
  assert.deepEqual(
    late.map(({ type }) => type),
    ["hello", "snapshot", "end"],
  );
  const again = await all(frames(lab.socket, `/api/jobs/${jobId}/events?after=2`));
  assert.deepEqual(
    again.map((frame) => (frame.type === "event" ? frame.event.seq : frame.type)),
    ["hello", ...count(seq + events.length, 3), "end"],
  );
  const ahead = await all(frames(lab.socket, `/api/jobs/${jobId}/events?after=9999`));
  assert.deepEqual(
    ahead.map(({ type }) => type),
    ["hello", "reset"],
  );
});

test("a reader that is cut every few events, also over restarts, sees each seq once", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run(
    Array.from({ length: 60 }, () => sh("true")),
    { parallel: 4 },
  );
  const seen: number[] = [];
  let hasEnded = false;
  for (let round = 0; !hasEnded; round++) {
    const stream = frames(lab.socket, `/api/jobs/${jobId}/events?after=${seen.at(-1) ?? 0}`);
    let taken = 0;
    for await (const frame of stream) {
      if (frame.type === "end") hasEnded = true;
      if (frame.type !== "event") continue;
      seen.push(frame.event.seq);
      if (++taken === 7) break;
    }
    if (round === 3 || round === 9) await lab.restart();
  }
  assert.deepEqual(seen, count(seen.length));
  assert.equal((await ndjson(lab, jobId)).length, seen.length);
});

test("all jobs' events: from the list's cursor on, each once, in order; a cursor of another life is reset", async () => {
  await using lab = await Lab.create();
  const first = await lab.run([sh("true")]);
  await lab.ended(first);
  const { body } = await ask(lab.socket, "/api/jobs");
  const { jobs, cursor } = body as unknown as { jobs: JobSummary[]; cursor: string };
  assert.deepEqual(
    jobs.map((job) => job.jobId),
    [first],
  );
  const others = [await lab.run([sh("true")]), await lab.run([sh("true")])];
  for (const jobId of others) await lab.ended(jobId);
  const wanted = new Map<string, number>();
  for (const jobId of others) wanted.set(jobId, (await ndjson(lab, jobId)).length);

  const seen: EventFrame[] = [];
  let after = cursor;
  const isAll = () => others.every((id) => seen.filter(({ event }) => event.jobId === id).length === wanted.get(id));
  while (!isAll()) {
    let taken = 0;
    for await (const frame of frames(lab.socket, `/api/events?after=${after}`)) {
      if (frame.type === "hello") assert.ok(frame.oldest <= after);
      if (frame.type !== "event") continue;
      assert.ok(frame.cursor > after, "cursors grow");
      after = frame.cursor;
      seen.push(frame);
      if (++taken === 4 || isAll()) break;
    }
  }
  for (const jobId of others)
    assert.deepEqual(
      seen.filter(({ event }) => event.jobId === jobId).map(({ event }) => event.seq),
      count(wanted.get(jobId) ?? 0),
    );
  assert.ok(seen.every(({ event }) => event.jobId !== first));

  await lab.restart();
  for (const stale of [after, "nonsense", "zzzzzzzzz-000000001"]) {
    const frame = (await all(frames(lab.socket, `/api/events?after=${stale}`))).at(-1);
    assert.ok(frame?.type === "reset", stale);
    assert.ok(frame.cursor > after, "cursors grow over restarts");
  }
});

test("a cursor that is too old is reset, and the stream goes on from the reset's own cursor", async () => {
  await using lab = await Lab.create();
  const { cursor } = (await ask(lab.socket, "/api/jobs")).body as unknown as { cursor: string };
  const long = Array.from({ length: 3 }, () => sh(`true # ${"x".repeat(300_000)}`));
  for (let round = 0; round < 3; round++) await lab.ended(await lab.run(long));
  const [, reset] = await all(frames(lab.socket, `/api/events?after=${cursor}`));
  assert.ok(reset?.type === "reset");
  const stream = frames(lab.socket, `/api/events?after=${reset.cursor}`);
  assert.equal((await stream.next()).done, false);
  const jobId = await lab.run([sh("true")]);
  const next = await stream.next();
  assert.ok(!next.done && next.value.type === "event");
  assert.deepEqual([next.value.event.jobId, next.value.event.seq], [jobId, 1]);
  await stream.return(0);
  await lab.ended(jobId);
});

test("a reader that takes nothing holds nobody up, costs bounded memory, and can come back", async () => {
  await using lab = await Lab.create();
  const stalled = await Promise.all(Array.from({ length: 5 }, () => stalledSocket(lab.socket, "/api/events")));
  const quick = frames(lab.socket, "/api/events");
  await quick.next();
  const long = Array.from({ length: 4 }, () => sh(`true # ${"x".repeat(100_000)}`));
  const seen = new Map<string, number>();
  let ended = 0;
  const started = (async () => {
    for (let round = 0; round < 30; round++) await lab.ended(await lab.run(long));
  })();
  for await (const frame of quick) {
    if (frame.type !== "event") continue;
    const { event } = frame;
    assert.equal(event.seq, (seen.get(event.jobId) ?? 0) + 1, "a gap or a repeat");
    seen.set(event.jobId, event.seq);
    if (event.type === "OrchestrationCompleted" && ++ended === 30) break;
  }
  await started;
  for (const socket of stalled) {
    // Whatever was held for it is bounded: it is told so, or finds the end of the line.
    const read = await drain(socket);
    assert.ok(read < 6_000_000, `${read} bytes were kept for a reader that took nothing`);
    socket.destroy();
  }
});

test("a job's reader that is cut off for being slow reads on from the journal", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  // More events than the engine keeps for one reader.
  const jobId = await lab.run(
    Array.from({ length: 400 }, (_, index) => sh(index === 0 ? waitAt(gate) : ":")),
    { parallel: 16 },
  );
  const signal = new AbortController().signal;
  const slow = jobEvents(lab.host, { jobId, after: 0, signal });
  const items: string[] = [];
  let taken = 0;
  for await (const item of slow) {
    items.push(item.is === "event" ? String(item.event.seq) : item.is);
    if (++taken === 20) {
      await writeFile(gate, "");
      await lab.ended(jobId);
    }
  }
  const total = items.length - 1;
  assert.ok(total > 1_020, `${total} events do not overflow anything`);
  assert.deepEqual(items, [...count(total).map(String), "end"]);
});

/** A WebSocket that is opened and never read. */
async function stalledSocket(socketPath: string, path: string): Promise<Socket> {
  const socket = connect(socketPath);
  await once(socket, "connect");
  const head = [`GET ${path} HTTP/1.1`, "host: localhost", "connection: Upgrade", "upgrade: websocket"];
  const key = ["sec-websocket-version: 13", `sec-websocket-key: ${Buffer.alloc(16, 1).toString("base64")}`, "", ""];
  socket.write([...head, ...key].join("\r\n"));
  await once(socket, "readable");
  return socket;
}

/** Reads what is there until a `reset` frame came or nothing more is to be had for the moment. */
async function drain(socket: Socket): Promise<number> {
  let bytes = 0;
  let isReset = false;
  for await (const part of socket) {
    bytes += (part as Buffer).length;
    if ((part as Buffer).includes('"type":"reset"')) isReset = true;
    if (isReset) break;
  }
  assert.ok(isReset, "it was not told that it was too slow");
  return bytes;
}
