import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { PROTOCOL, routes, VERSION } from "@aither/protocol";
import { ask } from "./lib/http.ts";
import { Lab } from "./lib/lab.ts";

/** The socket's door: who is let in, and what anybody learns who is not. */

const paths = [
  ...Object.values(routes).map(({ method, path }) => ({ method, path: path.replace(/:\w+/, "latest") })),
  { method: "GET", path: "/" },
];

test("what a browser sends is refused on every path, and nothing is done", async () => {
  await using lab = await Lab.create();
  const strangers: readonly Record<string, string>[] = [
    { origin: "http://localhost" },
    { origin: "null" },
    { referer: "http://localhost/" },
    { host: "evil.example" },
    { host: "localhost.evil.example" },
    { host: "evil.example:80" },
  ];
  for (const headers of strangers) {
    for (const { method, path } of paths) {
      const { status, problem } = await ask(lab.socket, path, { method, headers });
      assert.equal(status, 403, `${method} ${path} ${JSON.stringify(headers)}`);
      assert.equal(problem.code, "AITHER_E_FORBIDDEN");
    }
  }
  assert.deepEqual(
    lab.said.filter((line) => line.includes("stop")),
    [],
  );
});

test("a WebSocket of a browser is refused before it is one", async () => {
  await using lab = await Lab.create();
  for (const path of ["/api/events", "/api/jobs/1/events"])
    for (const header of ["origin: http://localhost", "referer: http://localhost/"]) {
      assert.match(await upgrade(lab.socket, path, header), /^HTTP\/1\.1 403 /);
    }
  assert.match(await upgrade(lab.socket, "/api/events", "x-none: 1"), /^HTTP\/1\.1 101 [^]*\r\naither-version: /);
  assert.match(await upgrade(lab.socket, "/api/jobs/1/events", "x-none: 1"), /^HTTP\/1\.1 404 [^]*JOB_NOT_FOUND/);
  assert.match(await upgrade(lab.socket, "/api/jobs", "x-none: 1"), /^HTTP\/1\.1 400 [^]*no WebSocket/);
});

test("our names are let in, and every answer says the versions", async () => {
  await using lab = await Lab.create();
  for (const host of ["localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:1234", "aither", "aitherd"]) {
    const { status, headers } = await ask(lab.socket, "/api/health", { headers: { host } });
    assert.equal(status, 200, host);
    assert.equal(headers["aither-version"], VERSION);
    assert.equal(headers["aither-protocol"], `${PROTOCOL.min}-${PROTOCOL.max}`);
  }
  const { headers } = await ask(lab.socket, "/api/nothing");
  assert.equal(headers["aither-version"], VERSION);
});

/** Asks for an upgrade by hand; returns what the server says first. */
async function upgrade(socketPath: string, path: string, header: string): Promise<string> {
  const socket = connect(socketPath);
  const lines = [`GET ${path} HTTP/1.1`, "host: localhost", "connection: Upgrade", "upgrade: websocket", header];
  const key = ["sec-websocket-version: 13", `sec-websocket-key: ${Buffer.alloc(16, 1).toString("base64")}`, "", ""];
  socket.write([...lines, ...key].join("\r\n"));
  const [first] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as [Buffer | boolean];
  socket.destroy();
  return String(first);
}
