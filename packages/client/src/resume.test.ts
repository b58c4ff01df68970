import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event, LogLine } from "@aither/protocol";
import { events } from "./events.ts";
import { logs, rawLogs } from "./logs.ts";
import { nodeTransport } from "./node.ts";
import { isUnreachable } from "./problem.ts";
import { resuming } from "./resume.ts";
import { answerWith, ByteServer, streamLines, type Answer } from "./testing/server.ts";

async function serve<T>(answer: Answer, read: (transport: ReturnType<typeof nodeTransport>) => AsyncIterable<T>) {
  await using server = await ByteServer.start(answer);
  const got: T[] = [];
  for await (const one of read(nodeTransport({ host: `unix://${server.path}` }))) got.push(one);
  return { got, asked: server.asked };
}

const event = (seq: number, type = "StageStarted"): Event => ({ seq, type }) as Event;
const line = (script: string, offset: number, text: string): LogLine => ({
  script,
  attempt: 1,
  stream: "out",
  time: null,
  offset,
  text,
});

test("events: after a cut the last seq is sent, and nothing comes twice", async () => {
  const { got, asked } = await serve<Event>(
    (socket, _, nth) => {
      if (nth === 1) streamLines(socket, [event(1), event(2)], { whole: false });
      // A daemon that sends more than was asked for, and then stops in good order.
      else if (nth === 2) streamLines(socket, [event(2), event(3)], { whole: true });
      else if (nth === 3) answerWith(socket, { endedAt: null, seq: 3 });
      else streamLines(socket, [event(4, "OrchestrationFailed")], { whole: true });
    },
    (transport) => events(transport, "7", { follow: true }),
  );
  assert.deepEqual(
    got.map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  const streams = asked.filter(({ url }) => url.pathname.endsWith("/events"));
  assert.deepEqual(
    streams.map(({ url }) => url.searchParams.get("after")),
    ["0", "2", "3"],
  );
});

test("events of a job that has ended end, even when there are none after the seq", async () => {
  const { got } = await serve<Event>(
    (socket, { url }) => {
      if (url.pathname.endsWith("/events")) streamLines(socket, [], { whole: true });
      else answerWith(socket, { endedAt: "2026-01-01T00:00:00.000Z", seq: 9 });
    },
    (transport) => events(transport, "7", { after: 9, follow: true }),
  );
  assert.deepEqual(got, []);
});

test("logs: after a cut every attempt goes on where it was; a piece is given once", async () => {
  const { got, asked } = await serve<LogLine>(
    (socket, { url }, nth) => {
      if (!url.pathname.endsWith("/logs")) answerWith(socket, { endedAt: "x", stages: [] });
      else if (nth === 1)
        streamLines(socket, [line("a/1", 3, "a1\n"), line("b/1", 3, "b1\n"), line("a/1", 6, "a2\n")], { whole: false });
      else
        streamLines(socket, [line("b/1", 3, "b1\n"), line("b/1", 6, "b2\n"), line("a/1", 9, "a3\n")], { whole: true });
    },
    (transport) => logs(transport, "7", { follow: true, tail: 100 }),
  );
  assert.equal(got.map(({ text }) => text).join(""), "a1\nb1\na2\nb2\na3\n");
  const [first, second] = asked.map(({ url }) => url.searchParams);
  assert.deepEqual([first?.get("cursor"), first?.get("tail")], [null, "100"]);
  assert.deepEqual([second?.get("cursor"), second?.get("tail")], ["a/1#1:6,b/1#1:3", "100"]);
});

test("logs: a stream that ends while the job goes on is opened again", async () => {
  const { got } = await serve<LogLine>(
    (socket, { url }, nth) => {
      if (!url.pathname.endsWith("/logs")) answerWith(socket, { endedAt: nth < 3 ? null : "x", stages: [] });
      else streamLines(socket, nth < 3 ? [line("a", 2, "1\n")] : [line("a", 4, "2\n")], { whole: true });
    },
    (transport) => logs(transport, "7", { follow: true }),
  );
  assert.equal(got.map(({ text }) => text).join(""), "1\n2\n");
});

test("raw logs are resumed behind the last whole piece, at first from where the daemon said they began", async () => {
  const { got, asked } = await serve<Uint8Array>(
    (socket, { url }, nth) => {
      if (!url.pathname.endsWith("/logs")) return answerWith(socket, { endedAt: "x", stages: [] });
      socket.write("HTTP/1.1 200 OK\r\naither-log-offset: 100\r\ntransfer-encoding: chunked\r\n\r\n");
      const text = nth === 1 ? "107 3\nabc120 9\nlost" : "120 3\nxyz";
      socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
      if (nth === 1) setImmediate(() => socket.destroy());
      else socket.end("0\r\n\r\n");
      return undefined;
    },
    (transport) => rawLogs(transport, "7", { follow: true, tail: 5 }),
  );
  assert.equal(Buffer.concat(got).toString(), "abcxyz");
  assert.deepEqual(
    asked.slice(0, 2).map(({ url }) => [url.searchParams.get("tail"), url.searchParams.get("offset")]),
    [
      ["5", null],
      [null, "107"],
    ],
  );
});

test("nobody at all is told at once; one who stays away is given up", async () => {
  const never = resuming<never>(async function* () {
    for await (const one of events(nodeTransport({ host: "unix:///nowhere/x" }), "7")) yield one as never;
    return true;
  }, {});
  await assert.rejects(never.next(), isUnreachable);

  await using server = await ByteServer.start((socket) => streamLines(socket, [event(1)], { whole: false }));
  const transport = nodeTransport({ host: `unix://${server.path}` });
  const stream = resuming<Event>(
    async function* read(again) {
      if (again) await server.stop();
      for await (const one of events(transport, "7")) yield one;
      return false;
    },
    { patienceMs: 1 },
  );
  await assert.rejects(async () => {
    for await (const one of stream) assert.equal(one.seq, 1);
  }, isUnreachable);
});
