import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient, isNotFound } from "@aither/client/browser";
import { createClient as createNodeClient, placesOf } from "@aither/client/node";
import { WebSocket } from "undici";
import { Cli } from "../rig/cli.ts";

/**
 * The entry for pages, over what a page has: fetch and WebSocket on the loopback. A daemon has no TCP door yet, so a
 * forwarder of this test's own stands before its socket.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Hands every byte on to the daemon's socket; upgrades too. */
async function forward(socketPath: string): Promise<{ baseUrl: string; close: () => Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((asked, answer) => {
    const headers = { ...asked.headers, host: "localhost" };
    const onward = request({ socketPath, method: asked.method, path: asked.url, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  server.on("upgrade", (asked, socket, head) => {
    const onward = connect(socketPath);
    const lines = Object.entries({ ...asked.headers, host: "localhost" }).map(
      ([name, value]) => `${name}: ${String(value)}`,
    );
    onward.write(`GET ${asked.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    onward.write(head);
    onward.pipe(socket).pipe(onward);
    for (const one of [socket as Socket, onward]) {
      open.add(one);
      one.on("error", () => one.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    close: async () => {
      for (const one of open) one.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("the client for pages starts a job, follows its events and output, and waits for its end", async () => {
  await using cli = await Cli.create();
  const { env, folder: workspace } = cli.workspace;
  const daemonEntry = join(root, "dist", "daemon", "main.js");
  await createNodeClient({ cwd: workspace, env, daemonEntry }).daemon();
  // Node 20 has no WebSocket of its own; a page has.
  Object.assign(globalThis, { WebSocket });
  const door = await forward(placesOf({ env }).socket);
  try {
    const aither = createClient({ baseUrl: door.baseUrl });
    const playbook = {
      metadata: { name: "page" },
      orchestration: { jobs: { a: { steps: [{ id: "s", shell: "sh", script: "echo one; echo two" }] } } },
    };
    await using job = await aither.start({ text: JSON.stringify(playbook) }, { workspace });
    const seen: number[] = [];
    for await (const frame of job.watch({ after: 0 })) if (frame.type === "event") seen.push(frame.event.seq);
    assert.ok(seen.length > 5);
    assert.deepEqual(
      seen,
      seen.map((_, index) => index + 1),
    );
    let text = "";
    for await (const line of job.logs({ follow: true })) text += line.text ?? "";
    assert.equal(text, "one\ntwo\n");
    assert.equal((await job.wait()).status, "Completed");
    await assert.rejects(aither.job("4711").status(), isNotFound);
  } finally {
    await door.close();
  }
});
