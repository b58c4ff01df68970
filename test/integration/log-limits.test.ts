import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { JobId, LogLine, SearchHit } from "@aither/protocol";
import { bytes, bytesOf, lines, open } from "./lib/http.ts";
import { Lab, sh } from "./lib/lab.ts";
import { waitFor } from "../rig/wait.ts";

/** A log that grows too long keeps its ends; everybody who reads it is told where something is missing. */

const HEAD = 64 * 1024;
const TAIL = 512 * 1024;
const logLimit = { head: HEAD, tail: TAIL };
const waitAt = (gate: string) => `while [ ! -e ${gate} ]; do sleep 0.02; done`;
const PORTION = 25_000;
/** In portions, each when it is let: nobody is promised what he is too slow for, and here nobody is. */
const count = (to: number, gate: string) =>
  `i=0; while [ $i -lt ${to} ]; do while [ ! -e ${gate}.$i ]; do sleep 0.02; done; seq $((i+1)) $((i+${PORTION})); i=$((i+${PORTION})); done`;
const MARK = /^… [\d.]+ MB left out here …$/m;

function noHoles(root: string): string | false {
  try {
    const probe = join(root, "probe");
    writeFileSync(probe, Buffer.alloc(200_000, "x"));
    execFileSync("fallocate", ["-p", "-o", "0", "-l", "65536", probe], { stdio: "ignore" });
    return false;
  } catch {
    return "no holes in files here";
  }
}

function logFile(lab: Lab): string {
  const state = join(lab.root, "s", "jobs");
  const found = readdirSync(state, { recursive: true }).find((name) => String(name).endsWith(".log"));
  return join(state, String(found));
}

function logSize(lab: Lab): number {
  return statSync(logFile(lab), { throwIfNoEntry: false })?.size ?? 0;
}

async function ndjson(lab: Lab, jobId: JobId, query = ""): Promise<LogLine[]> {
  const found: LogLine[] = [];
  const answer = await open(lab.socket, `/api/jobs/${jobId}/logs?format=ndjson&${query}`);
  for await (const line of lines<LogLine>(answer)) found.push(line);
  return found;
}

async function* chunksOf(answer: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* answer;
}

async function* piecesOf(answer: Awaited<ReturnType<typeof open>>): AsyncGenerator<Buffer> {
  for await (const line of lines<LogLine>(answer)) yield bytesOf(line);
}

async function hashOf(parts: AsyncIterable<Buffer>, onSize: (bytes: number) => void): Promise<string> {
  const sum = createHash("sha256");
  let size = 0;
  for await (const part of parts) {
    sum.update(part);
    onSize((size += part.length));
  }
  return sum.digest("hex");
}

test("three followers get every byte while the middle is cut; who comes later is told what is missing", async (t) => {
  await using lab = await Lab.create();
  const reason = noHoles(lab.root);
  if (reason !== false) return t.skip(`skipped: ${reason}`);
  const gate = join(lab.root, "gate");
  const jobId = await lab.run([sh(count(600_000, gate), { logLimit })]);
  const follow = (query: string) => open(lab.socket, `/api/jobs/${jobId}/logs?follow=1&${query}`);
  const received = [0, 0, 0];
  const followers = Promise.all([
    hashOf(chunksOf(await follow("")), (size) => (received[0] = size)),
    hashOf(piecesOf(await follow("format=ndjson")), (size) => (received[1] = size)),
    hashOf(chunksOf(await follow("")), (size) => (received[2] = size)),
  ]);
  const whole = Array.from({ length: 600_000 }, (_, index) => `${index + 1}\n`).join("");
  const log = await waitFor("a log", () => (logSize(lab) >= 0 ? logFile(lab) : null));
  let isCut = false;
  for (let at = 0; at < 600_000; at += PORTION) {
    writeFileSync(`${gate}.${at}`, "");
    const size = whole.indexOf(`\n${at + PORTION}\n`) + `\n${at + PORTION}\n`.length;
    await waitFor(`${size} bytes at everybody's`, () => received.every((bytes) => bytes >= size));
    isCut ||= statSync(log).blocks * 512 < statSync(log).size - 256 * 1024;
  }
  assert.ok(isCut, "it was cut while they read");
  const wanted = createHash("sha256").update(whole).digest("hex");
  assert.deepEqual(await followers, [wanted, wanted, wanted]);
  await lab.ended(jobId);
  await waitFor("the last cut", () => statSync(log).blocks * 512 < HEAD + 2 * TAIL + 256 * 1024);
  assert.equal(statSync(log).size, whole.length, "offsets stay as they are");

  const answer = await open(lab.socket, `/api/jobs/${jobId}/logs`);
  const [at, missing, shown] = String(answer.headers["aither-log-left-out"]).split(":").map(Number) as [
    number,
    number,
    number,
  ];
  const given = await bytes(answer);
  const raw = given.toString();
  const head = whole.slice(0, HEAD);
  const tail = whole.slice(at + missing);
  assert.equal(at, HEAD);
  assert.ok(tail.length >= TAIL && tail.length < 2 * TAIL + 64 * 1024);
  const mark = given.subarray(HEAD, HEAD + shown).toString();
  assert.match(mark, MARK);
  assert.equal(raw, head + mark + tail);
  // Who was cut off in the tail comes back with the offset in the file.
  const again = await open(lab.socket, `/api/jobs/${jobId}/logs?offset=${whole.length - 100}`);
  assert.equal((await bytes(again)).toString(), whole.slice(-100));

  const pieces = await ndjson(lab, jobId);
  const marker = pieces.find((piece) => MARK.test(piece.text ?? "")) ?? assert.fail("no line says so");
  assert.equal(marker.offset, at + missing);
  assert.equal(Buffer.concat(pieces.map(bytesOf)).toString(), raw);
  const resumed = await ndjson(lab, jobId, `cursor=${encodeURIComponent(`s/0#1:${HEAD}`)}`);
  assert.equal(
    Buffer.concat(resumed.map(bytesOf))
      .toString()
      .replace(/^[^\n]*\n/, ""),
    tail,
  );
  assert.equal((await bytes(await open(lab.socket, `/api/jobs/${jobId}/logs?tail=3`))).toString(), whole.slice(-21));
  const most = (await bytes(await open(lab.socket, `/api/jobs/${jobId}/logs?tail=590000`))).toString();
  assert.equal(most.replace(/^[^\n]*\n/, ""), tail);

  const hits: SearchHit[] = [];
  const search = await open(lab.socket, `/api/search?q=${encodeURIComponent("^(7|600000|250000)$")}&re=1`);
  for await (const hit of lines<SearchHit>(search)) hits.push(hit);
  const shownLines = raw.split("\n");
  assert.deepEqual(
    hits.map(({ line, text: found }) => [line, found]),
    [
      [7, "7"],
      [shownLines.indexOf("600000") + 1, "600000"],
    ],
  );
});

test("a limit that was passed while no daemon ran is kept by the next one", async (t) => {
  await using lab = await Lab.create();
  const reason = noHoles(lab.root);
  if (reason !== false) return t.skip(`skipped: ${reason}`);
  const gate = join(lab.root, "gate");
  const done = join(lab.root, "done");
  const jobId = await lab.run([sh(`echo begin; ${waitAt(gate)}; seq 1 400000; touch ${done}`, { logLimit })]);
  await waitFor("a line", () => logSize(lab) > 0);
  await lab.pause(async () => {
    writeFileSync(gate, "");
    await waitFor("the end of the script", () => statSync(done, { throwIfNoEntry: false }) !== undefined);
  });
  await lab.ended(jobId);
  const log = logFile(lab);
  await waitFor("a cut", () => statSync(log).blocks * 512 < HEAD + 2 * TAIL + 256 * 1024);
  assert.match((await bytes(await open(lab.socket, `/api/jobs/${jobId}/logs`))).toString(), MARK);
});
