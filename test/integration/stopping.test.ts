import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "@aither/protocol";
import { buildApi } from "../../daemon/src/api/app.ts";
import { Lab } from "./lib/lab.ts";

/** A daemon that stops still has open connections; who asks over one is refused in our words, and nothing is done. */

test("what arrives on an open connection while the daemon stops is answered with STOPPING", async () => {
  await using lab = await Lab.create();
  const api = buildApi(lab.host);
  const gate = new EventEmitter();
  api.addHook("preClose", async () => {
    gate.emit("begun");
    await once(gate, "go on");
  });
  const path = join(lab.root, "second.sock");
  await api.listen({ path });
  const begun = once(gate, "begun");
  const closed = api.close();
  await begun;
  const asked = [
    "GET /api/jobs HTTP/1.1",
    "GET /api/nothing HTTP/1.1",
    "POST /api/daemon/stop HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 2",
  ];
  for (const head of asked) {
    const socket = connect(path);
    await once(socket, "connect");
    socket.write(`${head}\r\nhost: localhost\r\n\r\n${head.startsWith("POST") ? "{}" : ""}`);
    const { status, headers, problem } = await answerOf(socket);
    assert.deepEqual([status, problem.code], [503, "AITHER_E_STOPPING"], head);
    assert.match(headers, /content-type: application\/problem\+json/i);
    assert.match(headers, /aither-protocol: /i);
    assert.match(headers, /connection: close/i);
  }
  gate.emit("go on");
  await closed;
  assert.ok(!lab.said.includes("asked to stop"), "a refused stop is not carried out");
});

async function answerOf(socket: Socket): Promise<{ status: number; headers: string; problem: Problem }> {
  let text = "";
  for await (const part of socket) text += String(part);
  const [headers = "", body = ""] = text.split("\r\n\r\n");
  return { status: Number(headers.split(" ")[1]), headers, problem: JSON.parse(body) as Problem };
}
