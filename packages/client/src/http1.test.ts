import assert from "node:assert/strict";
import { test } from "node:test";
import { problem } from "@aither/protocol";
import { call, open, readText } from "./call.ts";
import { nodeTransport } from "./node.ts";
import { addressOf } from "./node-surroundings.ts";
import { ndjson } from "./ndjson.ts";
import { AitherError, ConnectionCut, isNotFound, isUnreachable, problemOf } from "./problem.ts";
import { answerWith, ByteServer, type Answer } from "./testing/server.ts";
import type { Transport } from "./transport.ts";

async function withServer(
  answer: Answer,
  run: (transport: Transport, server: ByteServer) => Promise<void>,
): Promise<void> {
  await using server = await ByteServer.start(answer);
  await run(nodeTransport({ host: `unix://${server.path}` }), server);
}

const bodyText = async (transport: Transport): Promise<string> => readText((await open(transport, "health", {})).body);

test("a chunked body arrives whole wherever the bytes are torn apart", async () => {
  const bytes = Buffer.from(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n5\r\nhéll\r\nB;x=y\r\no, \r\nworld!\r\n0\r\nt: 1\r\n\r\n",
  );
  for (const size of [1, 2, 3, 7, 1_000]) {
    const tear: Answer = (socket) => {
      for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
    };
    await withServer(tear, async (transport) => assert.equal(await bodyText(transport), "héllo, \r\nworld!"));
  }
});

test("a body of known length, and one that ends with its connection, arrive whole", async () => {
  await withServer(
    (socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef"),
    async (transport) => assert.equal(await bodyText(transport), "abc"),
  );
  await withServer(
    (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"),
    async (transport) => assert.equal(await bodyText(transport), "all of it"),
  );
});

test("a connection that is cut before the answer's end is told as that, never as an end", async () => {
  const cuts = [
    "",
    "HTTP/1.1 200",
    "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
  ];
  for (const text of cuts) {
    await withServer(
      (socket) => socket.end(text),
      async (transport) => assert.rejects(bodyText(transport), ConnectionCut, JSON.stringify(text)),
    );
  }
});

test("what only reads is asked once more after a cut; what changes something is not", async () => {
  const dying = (times: number): Answer => {
    return (socket, _, nth) => (nth <= times ? socket.destroy() : answerWith(socket, { jobs: [] }));
  };
  await withServer(dying(1), async (transport, server) => {
    assert.deepEqual(await call(transport, "listJobs", {}), { jobs: [] });
    assert.equal(server.asked.length, 2);
  });
  await withServer(dying(2), async (transport, server) => {
    await assert.rejects(call(transport, "listJobs", {}), ConnectionCut);
    assert.equal(server.asked.length, 2);
  });
  await withServer(dying(1), async (transport, server) => {
    await assert.rejects(call(transport, "pauseJob", { params: { id: "1" }, body: {} }), ConnectionCut);
    assert.equal(server.asked.length, 1);
  });
});

test("a request carries its path, query and body, encoded", async () => {
  await withServer(
    (socket) => answerWith(socket, { jobId: "x" }),
    async (transport, server) => {
      await call(transport, "skipInJob", { params: { id: "a/b c" }, body: { target: "Tests ⟳" } });
      await call(transport, "listJobs", { query: { text: "a&b=ü", limit: 3, before: undefined } });
      const [skip, list] = server.asked;
      assert.match(skip?.headers ?? "", /^POST \/api\/jobs\/a%2Fb%20c\/skip HTTP\/1\.1\r\nhost: localhost\r\n/);
      assert.deepEqual(JSON.parse(Buffer.from(skip?.body ?? "", "latin1").toString("utf8")), { target: "Tests ⟳" });
      assert.deepEqual(
        [...(list?.url.searchParams ?? [])],
        [
          ["text", "a&b=ü"],
          ["limit", "3"],
        ],
      );
    },
  );
});

test("a refusal carries the daemon's problem; other texts become one", async () => {
  const told = {
    apiVersion: "aither/v1",
    code: "AITHER_E_JOB_NOT_FOUND",
    status: 404,
    detail: "there is no job 7",
    hint: "look",
  };
  await withServer(
    (socket, { url }) =>
      answerWith(
        socket,
        url.pathname.endsWith("7") ? told : "<html>teapot</html>",
        url.pathname.endsWith("7") ? 404 : 418,
      ),
    async (transport) => {
      await assert.rejects(call(transport, "showJob", { params: { id: "7" } }), (error: unknown) => {
        assert.ok(isNotFound(error) && error.code === "JOB_NOT_FOUND" && error.message === "there is no job 7");
        return true;
      });
      await assert.rejects(call(transport, "showJob", { params: { id: "8" } }), /418.*teapot/);
    },
  );
});

test("nobody there is told as unreachable, and a daemon of another protocol is refused", async () => {
  await assert.rejects(call(nodeTransport({ host: "unix:///nowhere/s.sock" }), "health", {}), isUnreachable);
  await withServer(
    (socket) => socket.end("HTTP/1.1 200 OK\r\naither-protocol: 7\r\ncontent-length: 2\r\n\r\n{}"),
    async (transport) => {
      await assert.rejects(call(transport, "health", {}), (error: unknown) => {
        return error instanceof AitherError && error.code === "PROTOCOL_MISMATCH";
      });
    },
  );
});

test("who comes while a daemon stops is served by the next; a wait, and who wakes nobody, is told", async () => {
  const stopping = problem("STOPPING", "the daemon is stopping");
  const leaving: Answer = (socket, _asked, nth) =>
    nth < 3 ? answerWith(socket, stopping, 503) : answerWith(socket, { asked: nth });
  const isStopping = (error: unknown): boolean => error instanceof AitherError && error.code === "STOPPING";
  await withServer(leaving, async (transport, { asked }) => {
    await call(transport, "cancelJob", { params: { id: "7" }, body: {} });
    assert.deepEqual(
      asked.map(({ method }) => method),
      ["POST", "POST", "POST"],
    );
  });
  await withServer(leaving, async (transport, { asked }) => {
    await assert.rejects(call(transport, "health", { wake: "never" }), isStopping);
    await assert.rejects(call(transport, "waitJob", { params: { id: "7" } }), isStopping);
    assert.equal(asked.length, 2);
  });
});

test("between a daemon that stopped and the next one nobody answers, which is waited for", async () => {
  const stopping = problem("STOPPING", "the daemon is stopping");
  const answer: Answer = (socket, _asked, nth) => {
    if (nth > 1) return answerWith(socket, { asked: nth });
    answerWith(socket, stopping, 503);
    socket.once("close", () => {
      void server.stop().then(() => setTimeout(() => void server.listen(), 150));
    });
    return undefined;
  };
  await using server = await ByteServer.start(answer);
  const transport = nodeTransport({ host: `unix://${server.path}` });
  await call(transport, "pauseJob", { params: { id: "1" }, body: {} });
  assert.equal(server.asked.length, 2);
});

test("an aborted request ends at once, with the reason", async () => {
  const stop = new AbortController();
  await withServer(
    () => stop.abort(new Error("enough")),
    async (transport) => assert.rejects(call(transport, "health", { signal: stop.signal }), /enough/),
  );
});

test("addresses: sockets, pipes, loopback with a token; everything else is refused", () => {
  assert.deepEqual(addressOf("unix:///a/b.sock", {}).to, { path: "/a/b.sock" });
  assert.deepEqual(addressOf("npipe://\\\\.\\pipe\\x", {}).to, { path: "\\\\.\\pipe\\x" });
  const loopback = addressOf("http://127.0.0.1:4700", { AITHER_TOKEN: "t" });
  assert.deepEqual([loopback.to, loopback.token], [{ host: "127.0.0.1", port: 4700 }, "t"]);
  assert.throws(() => addressOf("ftp://x", {}), /AITHER_HOST/);
  assert.throws(() => addressOf(`unix:///${"x".repeat(103)}`, {}), /104 bytes/);
});

test("what is no HTTP, or no JSON, is an error that says so, not a bug and not a part of an answer", async () => {
  const heads = [
    "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
  ];
  for (const bytes of heads) {
    await withServer(
      (socket) => socket.end(bytes),
      async (transport) => assert.rejects(bodyText(transport), (error) => isUnreachable(error), bytes),
    );
  }
  for (const line of ["null\n", "{\n", "5\n"]) {
    const body = new Response(line).body;
    assert.ok(body);
    await assert.rejects(async () => {
      for await (const _ of ndjson(body)) assert.fail("there is no line");
    }, AitherError);
  }
});

test("a problem document that is not whole is made whole, and a strange one is none", () => {
  const told = problemOf(404, '{"code":"AITHER_E_JOB_NOT_FOUND","detail":"d","candidates":5,"diagnostics":[1]}');
  assert.deepEqual([told.title, told.status, told.candidates, told.diagnostics], ["No such job", 404, [], []]);
  const newer = problemOf(409, '{"code":"AITHER_E_NEW_ONE","detail":"d"}');
  assert.deepEqual([newer.code, newer.status, typeof newer.hint], ["AITHER_E_NEW_ONE", 409, "string"]);
  assert.equal(problemOf(500, '{"code":"X","detail":"y"}').code, "AITHER_E_INTERNAL");
  assert.equal(problemOf(502, "<html>Bad Gateway</html>").code, "AITHER_E_DAEMON_UNREACHABLE");
});
