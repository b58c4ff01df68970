import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "@aither/protocol";
import type { Patch } from "../rig/bundle.ts";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { ask, bearer, dial, exchange, frame, invite, token, upgrade } from "./lib/loopback.ts";

/** What either door bears: too much, too slow, too long, and what is no request at all. */

const file = "daemon/src/api/limits.ts";
/** The bound of the loopback door, or of the socket when it is the first of its name. */
const bound = (find: string, replace: string): Patch => ({ file, find, replace });

/** Everything that comes until the other side ends it. */
async function untilClosed(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  // However it ends: whoever writes more than is taken hears of a broken pipe.
  if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(parts).toString("latin1");
}

function problemIn(text: string): Problem {
  assert.match(text, /\r\ncontent-type: application\/problem\+json\r\n/i, text);
  return JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)) as Problem;
}

test("ten tries to exchange a code in a minute, right or wrong", async () => {
  await Daemon.with(async (daemon) => {
    const { port, code } = await invite(daemon, { kind: "link" });
    for (let round = 0; round < 10; round++) assert.equal((await exchange(port, { code: "wrong" })).status, 401);
    const eleventh = await exchange(port, { code });
    assert.equal(eleventh.status, 429, "also with the right one");
    assert.match(eleventh.problem.detail, /more than 10 tries in a minute/);
  });
});

test("64 WebSockets on the loopback; more are told so, and there is room again when one goes", async () => {
  await Daemon.with(async (daemon) => {
    const { port, headers } = await token(daemon, "viewer");
    const open = [];
    for (let round = 0; round < 64; round++) open.push(await upgrade(port, "/api/events", headers));
    assert.ok(open.every(({ status }) => status === 101));
    const over = await upgrade(port, "/api/events", headers);
    assert.equal(over.status, 429, over.head);
    assert.match(over.head, /64 WebSockets are open/);
    assert.equal((await ask(port, "/api/jobs", { headers })).status, 200, "calls are not kept out by them");
    // The socket's own are counted apart.
    const own = await upgrade(daemon.workspace.places.socket, "/api/events");
    assert.equal(own.status, 101);
    own.socket.destroy();
    open[0]?.socket.destroy();
    const again = await waitFor("room", async () => {
      const next = await upgrade(port, "/api/events", headers);
      if (next.status === 101) return next;
      next.socket.destroy();
      return null;
    });
    for (const { socket } of [...open, over, again]) socket.destroy();
  });
});

test("the socket has a limit of WebSockets, too", async () => {
  await Daemon.with(
    async (daemon) => {
      const { socket: path } = daemon.workspace.places;
      const open = [await upgrade(path, "/api/events"), await upgrade(path, "/api/events")];
      const over = await upgrade(path, "/api/events");
      assert.deepEqual(
        [...open, over].map(({ status }) => status),
        [101, 101, 429],
      );
      for (const { socket } of [...open, over]) socket.destroy();
    },
    { patches: [bound("webSocketsMax: 2_048", "webSocketsMax: 2")] },
  );
});

test("more connections than a door holds are closed unheard", async () => {
  await Daemon.with(
    async (daemon) => {
      const { port, headers } = await token(daemon, "viewer");
      const held = await Promise.all(Array.from({ length: 8 }, async () => dial(port)));
      const over = await dial(port);
      assert.equal(await untilClosed(over), "");
      for (const socket of held) socket.destroy();
      await waitFor("room", async () => (await ask(port, "/api/jobs", { headers }).catch(() => null))?.status === 200);
    },
    { patches: [bound("connectionsMax: 256", "connectionsMax: 8")] },
  );
});

test("a request that drips in is ended with 408, at either door, and so is one that never begins", async () => {
  const patches = [
    bound("headersMs: 60_000", "headersMs: 700"),
    bound("requestMs: 300_000", "requestMs: 1_500"),
    bound("checkedEveryMs: 30_000", "checkedEveryMs: 100"),
    bound("headersMs: 10_000", "headersMs: 700"),
    bound("requestMs: 30_000", "requestMs: 1_500"),
    bound("checkedEveryMs: 2_000", "checkedEveryMs: 100"),
  ];
  await Daemon.with(
    async (daemon) => {
      const { port, headers } = await token(daemon, "admin");
      const proof = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      for (const [to, host] of [
        [port, `127.0.0.1:${port}`],
        [daemon.workspace.places.socket, "localhost"],
      ] as const) {
        const head = `POST /api/jobs/prune HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n${proof.join("")}`;
        for (const begun of ["", "GET /api/jo", head, `${head}content-length: 13\r\n\r\n{"keep":`]) {
          const socket = await dial(to);
          const said = untilClosed(socket);
          if (begun !== "") socket.write(begun);
          const text = await said;
          assert.equal(problemIn(text).code, "AITHER_E_REQUEST_TOO_SLOW", JSON.stringify(begun));
          assert.match(text, /^HTTP\/1\.1 408 /);
        }
      }
      // A stream that is quiet is no slow request.
      const follower = await upgrade(port, "/api/events", headers);
      assert.equal(follower.status, 101);
      let isCut = false;
      follower.socket.once("close", () => (isCut = true));
      const slow = await dial(port);
      await untilClosed(slow);
      assert.equal(isCut, false);
      follower.socket.destroy();
    },
    { patches },
  );
});

const TEXT = 1;
const PING = 9;
const PONG_OF_X = Buffer.from([0x8a, 1, "x".charCodeAt(0)]);

test("a WebSocket client that says too much at once, or too often, is shown out", async () => {
  await Daemon.with(async (daemon) => {
    const { port, headers } = await token(daemon, "viewer");
    for (const to of [port, daemon.workspace.places.socket]) {
      const proof = typeof to === "number" ? headers : {};
      const large = await upgrade(to, "/api/events", proof);
      const end = untilClosed(large.socket);
      large.socket.write(frame(TEXT, Buffer.alloc(5_000, "a")));
      // 1009: too big.
      assert.ok((await end).includes("\u0003\u00f1"), "it is told why");
      for (const opcode of [TEXT, PING]) {
        const often = await upgrade(to, "/api/events", proof);
        const closed = untilClosed(often.socket);
        // It may be shown out while it still talks.
        often.socket.on("error", () => undefined);
        for (let round = 0; round < 200; round++) often.socket.write(frame(opcode, Buffer.from("x")));
        await closed;
      }
      const calm = await upgrade(to, "/api/events", proof);
      calm.socket.write(frame(PING, Buffer.from("x")));
      const heard: Buffer[] = [];
      calm.socket.on("data", (part: Buffer) => heard.push(part));
      await waitFor("the answer to a calm one", () => Buffer.concat(heard).includes(PONG_OF_X));
      calm.socket.destroy();
    }
    assert.equal((await daemon.ask("GET", "/api/health")).status, 200);
  });
});

test("a WebSocket on the loopback that answers no ping is ended; one that does stays", async () => {
  await Daemon.with(
    async (daemon) => {
      const { port, headers } = await token(daemon, "viewer");
      const silent = await upgrade(port, "/api/events", headers);
      const living = await upgrade(port, "/api/events", headers);
      living.socket.on("data", (part: Buffer) => {
        if (((part[0] ?? 0) & 15) === PING) living.socket.write(frame(10, Buffer.alloc(0)));
      });
      await untilClosed(silent.socket);
      assert.equal(living.socket.destroyed, false);
      living.socket.destroy();
    },
    { patches: [bound("webSocketIdleMs: 60_000", "webSocketIdleMs: 400")] },
  );
});

/** Names of everything in the state folder. */
function everything(daemon: Daemon): readonly string[] {
  return readdirSync(daemon.workspace.places.state, { recursive: true }).map(String).toSorted();
}

test("paths that lead elsewhere, broken bodies and unknown methods are problems, and nothing is written", async () => {
  await Daemon.with(async (daemon) => {
    const { port, headers } = await token(daemon, "admin");
    const before = everything(daemon);
    const { socket } = daemon.workspace.places;
    const names = [
      "..",
      "%2e%2e",
      "..%2f..%2f..%2fetc%2fpasswd",
      "%2e%2e%2f%2e%2e%2flock",
      "..%5c..%5clock",
      "%00",
      "a%00b",
      "a".repeat(1_025),
      "a".repeat(60_000),
      "%2fetc%2fpasswd",
      "~",
      "__proto__",
      "%f0%9f%92%a3",
    ];
    const raw = async (to: number | string, request: string): Promise<string> => {
      const connection = await dial(to);
      const said = untilClosed(connection);
      connection.write(request);
      return said;
    };
    const doors = [
      [port, `host: 127.0.0.1:${port}\r\nauthorization: ${headers["authorization"]}\r\n`],
      [socket, "host: localhost\r\n"],
    ] as const;
    for (const [to, proof] of doors) {
      // By hand, because clients tidy a path before they send it.
      const send = async (method: string, path: string, body = "", type = "application/json"): Promise<string> =>
        raw(
          to,
          `${method} ${path} HTTP/1.1\r\n${proof}connection: close\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
      for (const name of names) {
        for (const [method, path] of [
          ["GET", `/api/jobs/${name}`],
          ["GET", `/api/jobs/${name}/logs`],
          ["GET", `/api/jobs/1/artifacts/${name}`],
          ["DELETE", `/api/jobs/${name}`],
          ["POST", `/api/jobs/${name}/cancel`],
          ["GET", `/api/playbooks/${name}`],
          ["GET", `/api/scripts/${name}`],
          ["DELETE", `/api/sessions/${name}`],
        ] as const) {
          const text = await send(method, path);
          const found = problemIn(text);
          // `..` alone is taken by whatever tidies a path: what is left is another path, without that method perhaps.
          assert.ok(
            [400, 404, 405, 422].includes(found.status),
            `${method} ${path.slice(0, 80)} ${text.slice(0, 300)}`,
          );
          assert.doesNotMatch(text, /root:x:/, `${method} ${path.slice(0, 80)}`);
        }
      }
      for (const [method, path, body, status] of [
        ["POST", "/api/orchestrate", '{"playbook": ', 400],
        ["POST", "/api/orchestrate", "null", 400],
        ["POST", "/api/orchestrate", "[]", 400],
        ["POST", "/api/orchestrate", '{"__proto__": {"role": "admin"}}', 400],
        ["POST", "/api/jobs/prune", `{"keep": ${"9".repeat(400)}}`, 400],
        ["POST", "/api/jobs/prune", `"${"a".repeat(1024 * 1024)}"`, 413],
        ["POST", "/api/orchestrate", `{"text": "${"a".repeat(16 * 1024 * 1024)}"}`, 413],
        ["PATCH", "/api/jobs/1", "", 405],
        ["PUT", "/api/jobs/1", "", 405],
        ["TRACE", "/api/jobs", "", 405],
        ["HEAD", "/api/jobs", "", 405],
        ["PROPFIND", "/api/jobs", "", 405],
        ["POST", "/api/nothing", "", 404],
        ["BREW", "/api/jobs", "", 400],
      ] as const) {
        const text = await send(method, path, body);
        assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), `${method} ${path} ${text.slice(0, 200)}`);
        if (method !== "HEAD") assert.equal(problemIn(text).status, status);
        if (status === 405) assert.match(text, /\r\nallow: /i);
      }
      for (const [request, status] of [
        ["nonsense\r\n\r\n", 400],
        [`GET /api/jobs HTTP/1.1\r\n${proof}x: ${"a".repeat(1024 * 1024)}\r\n\r\n`, 431],
        [`GET /api/jobs HTTP/1.1\r\n${proof}x: a\u0000b\r\n\r\n`, 400],
        [
          `POST /api/jobs/prune HTTP/1.1\r\n${proof}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
          400,
        ],
      ] as const) {
        const text = await raw(to, request);
        assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), text.slice(0, 200));
        assert.equal(problemIn(text).status, status);
      }
    }
    assert.deepEqual(everything(daemon), before);
    assert.deepEqual(((await daemon.ask("GET", "/api/jobs")).body as { jobs: unknown[] }).jobs, []);
    assert.ok(
      !readFileSync(join(daemon.workspace.places.daemonLog), "utf8").includes("a call failed"),
      "none is a bug",
    );
    assert.equal((await ask(port, "/api/jobs", { headers: bearer("x") })).status, 401);
  });
});
