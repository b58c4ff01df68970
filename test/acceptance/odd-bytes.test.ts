import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { LogLine, SearchHit } from "@aither/protocol";
import { bytesOf, lines, open } from "../integration/lib/http.ts";
import { Cli } from "../rig/cli.ts";

/** Bytes in are bytes out, by every door: a line of 100 MB, zeros, what is no UTF-8, every kind of line end. */

const LINE_BYTES = 100 * 1024 * 1024;
/** What the daemon may need beside the bytes that pass through it: much less than the line, however many read it. */
const GROWTH_BYTES_MAX = 1.5 * LINE_BYTES;

function oddBytes(): { readonly whole: Buffer; readonly lineAt: number; readonly needleAt: number } {
  const short = Buffer.concat([
    Buffer.from("crlf\r\nlone\rreturn\n\u0000zero\u0000\n"),
    Buffer.from([0xff, 0xfe, 0x80, 0x0a, 0xc3, 0x0a]),
    Buffer.from("é ü 漢字 🎈\n\n\r\n"),
  ]);
  // The first half is text with characters of several bytes at every place of a block, the other one is not.
  const line = Buffer.alloc(LINE_BYTES, Buffer.from("漢é0123456789 aether "));
  for (let at = LINE_BYTES / 2; at < LINE_BYTES; at += 10_007) line.set([0xff, 0, 0x0d], at);
  const needleAt = LINE_BYTES - 30_000_000;
  line.write("the NEEDLE is here", needleAt);
  return { whole: Buffer.concat([short, line]), lineAt: short.length, needleAt: short.length + needleAt };
}

const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

async function hashOf(parts: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of parts) hash.update(part as Buffer);
  return hash.digest("hex");
}

function memory(pid: number, what: "VmRSS" | "VmHWM"): number {
  const found = new RegExp(`^${what}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return Number(found?.[1]) * 1024;
}

test("a line of 100 MB and all kinds of bytes reach every reader as they were, in bounded memory", async () => {
  await using cli = await Cli.create();
  const { whole, lineAt, needleAt } = oddBytes();
  const wanted = sha(whole);
  const file = await cli.workspace.write("odd", "");
  await writeFile(file, whole);
  const gate = cli.workspace.path("gate");
  const script = `while [ ! -e '${gate}' ]; do sleep 0.02; done; cat '${file}'`;
  await cli.playbook("p", { s: { steps: [{ id: "odd", shell: "sh", script }] } });
  assert.equal((await cli.run(["orch", "p", "-d"])).code, 0);
  const { socket } = cli.workspace.places;
  const logs = (query: string) => open(socket, `/api/jobs/1/logs?${query}`);
  const pid = await cli.daemonPid();
  const before = memory(pid, "VmRSS");

  // One takes what it gets, one takes nothing until the other has all of it.
  const [quick, slow] = [await logs("follow=true&format=ndjson"), await logs("follow=true")];
  await writeFile(gate, "");
  const hash = createHash("sha256");
  let [end, texts, others] = [0, 0, 0];
  for await (const piece of lines<LogLine>(quick)) {
    const bytes = bytesOf(piece);
    hash.update(bytes);
    end += bytes.length;
    assert.equal(piece.offset, end);
    assert.notEqual(piece.time, null);
    if (piece.text === undefined) others += 1;
    else texts += 1;
    // In the half that is text no character is cut in two, so nothing of it had to travel as base64.
    if (piece.text === undefined && end > lineAt) assert.ok(end >= lineAt + LINE_BYTES / 2);
  }
  assert.equal(hash.digest("hex"), wanted);
  assert.ok(texts > 500 && others > 500, `${texts} ${others}`);
  assert.equal(await hashOf(slow), wanted);

  for (const offset of [lineAt + LINE_BYTES / 2 + 1, needleAt + 5, whole.length - 1, whole.length])
    assert.equal(await hashOf(await logs(`offset=${offset}`)), sha(whole.subarray(offset)), `offset=${offset}`);
  assert.equal(await hashOf(await open(socket, "/api/jobs/1/logs/blocks/0")), wanted, "a block has 256 lines");
  const cut = await open(socket, "/api/jobs/1/logs/raw");
  assert.equal(cut.headers["content-length"], String(whole.length));
  cut.destroy();

  const raw = cli.start(["logs", "1", "--raw"]);
  raw.child.stdout!.removeAllListeners("data").setEncoding("latin1");
  const printed = createHash("sha256");
  for await (const text of raw.child.stdout!) printed.update(Buffer.from(text as string, "latin1"));
  assert.equal(printed.digest("hex"), wanted);

  for (const query of ["q=the%20NEEDLE", "q=NEED%2BLE&re=true", "q=ne%7B2%7Dd&re=true&case=false"]) {
    const found: SearchHit[] = [];
    for await (const hit of lines<SearchHit>(await open(socket, `/api/search?${query}`))) found.push(hit);
    assert.deepEqual(
      found.map(({ line }) => line),
      [9],
      query,
    );
    assert.match(found[0]!.text, /the NEEDLE is here/);
  }
  const growth = memory(pid, "VmHWM") - before;
  assert.ok(growth < GROWTH_BYTES_MAX, `the daemon grew by ${(growth / 1e6).toFixed(0)} MB`);
});

test("times stand before lines of every kind, and nothing in them reaches the terminal as a command", async () => {
  await using cli = await Cli.create();
  const script = `printf 'crlf\\r\\n\\0zero\\0\\n\\377\\376\\n\\033]0;title\\007end'`;
  await cli.playbook("p", { s: { steps: [{ id: "odd", shell: "sh", script }] } });
  assert.equal((await cli.run(["orch", "p"])).code, 0);
  const { stdout } = await cli.run(["logs", "latest", "-t"]);
  const all = stdout.trimEnd().split("\n");
  assert.equal(all.length, 4);
  for (const line of all) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /);
});
