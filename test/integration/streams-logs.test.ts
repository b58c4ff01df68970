import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { JobId, LogLine } from "@aither/protocol";
import { ask, bytes, bytesOf, lines, open } from "./lib/http.ts";
import { Lab, sh, stage } from "./lib/lab.ts";

/** Output as readers get it: every byte, once, in order, however they come and go. */

function logs(lab: Lab, jobId: JobId, query = "") {
  return open(lab.socket, `/api/jobs/${jobId}/logs?${query}`);
}

async function text(lab: Lab, jobId: JobId, query = ""): Promise<string> {
  return (await bytes(await logs(lab, jobId, query))).toString("utf8");
}

async function pieces(lab: Lab, jobId: JobId, query = ""): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const line of lines<LogLine>(await logs(lab, jobId, `format=ndjson&${query}`))) found.push(line);
  return found;
}

/** What a script waits for: `while [ ! -e gate ]`. */
const waitAt = (gate: string) => `while [ ! -e ${gate} ]; do sleep 0.02; done`;

test("the whole text is every attempt's bytes in the order of the journal, also when scripts run at once", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  // The first one ends last, so a reader who sent what came would have mixed them.
  const jobId = await lab.run(
    [sh(`echo a1; ${waitAt(gate)}; echo a2`), sh(`echo b1; echo b2; touch ${gate}`), sh("printf 'c without end'")],
    { parallel: 3 },
  );
  const followed = await text(lab, jobId, "follow=1");
  assert.equal(followed, "a1\na2\nb1\nb2\nc without end");
  assert.equal(await text(lab, jobId), followed);
  for (let offset = 0; offset <= followed.length; offset += 3)
    assert.equal(await text(lab, jobId, `offset=${offset}`), followed.slice(offset));
  assert.equal(await text(lab, jobId, "script=s/1"), "b1\nb2\n");
  assert.equal(await text(lab, jobId, "script=s&attempt=2"), "");
});

test("who follows one attempt is let go when it has ended, whatever the job still does", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const jobId = await lab.run([sh("echo first"), sh(waitAt(gate))]);
  for (const format of ["raw", "ndjson"]) {
    const found = await text(lab, jobId, `follow=1&script=s/0&attempt=1&format=${format}`);
    assert.match(found, /first/);
  }
  assert.equal(lab.host.engine.job(jobId)?.status, "Running");
  await writeFile(gate, "");
  await lab.ended(jobId);
});

test("tail gives the last lines of the whole text", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh("seq 1 20000"), sh("true"), sh("seq 1 3"), sh("printf 'x\\ny'")]);
  await lab.ended(jobId);
  const whole = (await text(lab, jobId)).split("\n");
  for (const tail of [0, 1, 2, 3, 4, 5, 6, 7, 15_000, 20_005, 30_000]) {
    const wanted = tail === 0 ? "" : whole.slice(-tail).join("\n");
    const answer = await logs(lab, jobId, `tail=${tail}`);
    assert.equal((await bytes(answer)).toString(), wanted, `tail=${tail}`);
    assert.equal(Number(answer.headers["aither-log-offset"]), whole.join("\n").length - wanted.length);
    const found = await pieces(lab, jobId, `tail=${tail}`);
    assert.equal(Buffer.concat(found.map(bytesOf)).toString(), wanted, `ndjson tail=${tail}`);
  }
});

test("NDJSON: one line a piece; what is no UTF-8 is base64; long lines come in pieces; offsets add up", async () => {
  await using lab = await Lab.create();
  const raw = Buffer.concat([
    Buffer.from("plain\ncarriage\r\n\n"),
    Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
    Buffer.from("null \u0000 byte\n"),
    Buffer.from(`${"é€😀".repeat(40_000)}\n`),
    Buffer.from("the end"),
  ]);
  await writeFile(join(lab.root, "raw"), raw);
  const jobId = await lab.run([sh(`cat ${join(lab.root, "raw")}`)]);
  await lab.ended(jobId);
  const found = await pieces(lab, jobId);
  assert.ok(Buffer.concat(found.map(bytesOf)).equals(raw), "bytes in are bytes out");
  assert.deepEqual(
    found.slice(0, 5).map(({ text: line, base64 }) => line ?? base64),
    ["plain\n", "carriage\r\n", "\n", Buffer.from([0xff, 0xfe, 0x00, 0x0a]).toString("base64"), "null \u0000 byte\n"],
  );
  let offset = 0;
  for (const piece of found) {
    assert.equal(piece.offset, (offset += bytesOf(piece).length));
    assert.ok(bytesOf(piece).length <= 64 * 1024);
    assert.ok(piece.base64 === undefined || piece === found[3], "a character was cut in two");
  }
});

test("NDJSON: a reader that is cut again and again, also over a restart, gets each byte once", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const count = (name: string) =>
    `i=0; while [ $i -lt 400 ]; do echo ${name} $i; i=$((i+1)); [ $i -eq 200 ] && { ${waitAt(gate)}; }; done`;
  const jobId = await lab.runStages([
    stage("one", [sh(count("a")), sh(count("b"), { separateStderr: true }), sh(count("c"))], 3),
    stage("two", [sh("echo last")]),
  ]);
  const seen = new Map<string, number>();
  const parts = new Map<string, Buffer[]>();
  let isWhole = false;
  for (let round = 0; !isWhole; round++) {
    const cursor = [...seen].map(([name, offset]) => `${name}:${offset}`).join(",");
    const answer = await logs(lab, jobId, `format=ndjson&follow=1&cursor=${encodeURIComponent(cursor)}`);
    let taken = 0;
    isWhole = true;
    for await (const line of lines<LogLine>(answer)) {
      const name = `${line.script}#${line.attempt}`;
      const part = bytesOf(line);
      assert.equal(line.offset - part.length, seen.get(name) ?? 0, `a gap or a repeat in ${name}`);
      seen.set(name, line.offset);
      parts.set(name, [...(parts.get(name) ?? []), part]);
      if (++taken === 37 + round) {
        isWhole = false;
        break;
      }
    }
    answer.destroy();
    if (round === 4) await lab.restart();
    if (round === 5) await writeFile(gate, "");
  }
  for (const [key, name] of [
    ["one/0", "a"],
    ["one/1", "b"],
    ["one/2", "c"],
  ] as const) {
    const wanted = Array.from({ length: 400 }, (_, index) => `${name} ${index}\n`).join("");
    assert.equal(Buffer.concat(parts.get(`${key}#1`) ?? []).toString(), wanted);
  }
  assert.equal(String(parts.get("two/0#1")), "last\n");
});

test("what was scheduled after another's end is never seen before its last byte", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run(Array.from({ length: 12 }, (_, index) => sh(`seq -f '${index} %g' 1 500`)));
  const order = (await pieces(lab, jobId, "follow=1")).map(({ text: line = "" }) => Number(line.split(" ")[0]));
  assert.deepEqual(
    order,
    Array.from({ length: 12 * 500 }, (_, index) => Math.floor(index / 500)),
  );
});

test("a line without an end is shown, and its rest comes behind it", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const jobId = await lab.run([sh(`printf 'Name? '; ${waitAt(gate)}; echo Ada`)]);
  const found: string[] = [];
  for await (const { text: piece = "" } of lines<LogLine>(await logs(lab, jobId, "format=ndjson&follow=1"))) {
    found.push(piece);
    await writeFile(gate, "");
  }
  assert.deepEqual(found, ["Name? ", "Ada\n"]);
});

test("stderr on its own comes as a stream of its own", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh("echo out; echo err >&2", { separateStderr: true })]);
  const found = await pieces(lab, jobId, "follow=1");
  assert.deepEqual(
    found.map(({ stream, text: line }) => [stream, line]),
    [
      ["out", "out\n"],
      ["err", "err\n"],
    ],
  );
  assert.deepEqual(await pieces(lab, jobId, "cursor=s/0%231:4"), found.slice(1));
  assert.deepEqual(await pieces(lab, jobId, "cursor=s/0%231:4,s/0%231.err:4"), []);
  assert.equal(await text(lab, jobId), "out\nerr\n");
});

test("bursts of 50 MB arrive whole, to a quick reader, a slow one and one that comes back", async () => {
  await using lab = await Lab.create();
  const megabytes = 50;
  const file = join(lab.root, "burst");
  const block = Buffer.from(
    Array.from({ length: 10_000 }, (_, index) => `line ${index} ${"x".repeat(index % 190)}\n`).join(""),
  );
  const burst = Buffer.alloc(megabytes * 1024 * 1024, block);
  await writeFile(file, burst);
  const wanted = createHash("sha256").update(burst).digest("hex");
  const jobId = await lab.run([sh(`cat ${file}`)]);
  const raw = async (): Promise<string> => {
    const hash = createHash("sha256");
    for await (const part of await logs(lab, jobId, "follow=1")) hash.update(part as Buffer);
    return hash.digest("hex");
  };
  const inPieces = async (): Promise<string> => {
    const hash = createHash("sha256");
    for await (const line of lines<LogLine>(await logs(lab, jobId, "follow=1&format=ndjson")))
      hash.update(bytesOf(line));
    return hash.digest("hex");
  };
  const returning = async (): Promise<string> => {
    const hash = createHash("sha256");
    for (let offset = 0; offset < burst.length;) {
      const answer = await logs(lab, jobId, `follow=1&offset=${offset}`);
      let taken = 0;
      for await (const part of answer) {
        hash.update(part as Buffer);
        offset += (part as Buffer).length;
        taken += (part as Buffer).length;
        if (taken > 7_000_000) break;
      }
      answer.destroy();
    }
    return hash.digest("hex");
  };
  const before = process.memoryUsage().rss;
  const stalled = await logs(lab, jobId, "follow=1");
  assert.deepEqual(await Promise.all([raw(), inPieces(), returning()]), [wanted, wanted, wanted]);
  stalled.destroy();
  assert.ok(process.memoryUsage().rss - before < 200e6, "a reader's slowness was paid in memory");
});

test("what is asked for wrongly is refused with the reason", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh("echo x")]);
  await lab.ended(jobId);
  for (const [query, code, detail] of [
    ["script=nobody", "AITHER_E_STAGE_OR_SCRIPT_NOT_FOUND", /"nobody"/],
    ["format=xml", "AITHER_E_REQUEST_INVALID", /format in the query must be one of raw, framed, ndjson/],
    ["tail=-1", "AITHER_E_REQUEST_INVALID", /tail in the query/],
    ["offset=x", "AITHER_E_REQUEST_INVALID", /offset in the query/],
    ["format=ndjson&offset=3", "AITHER_E_REQUEST_INVALID", /cursor/],
    ["cursor=a%231:1", "AITHER_E_REQUEST_INVALID", /offset/],
    ["format=ndjson&cursor=nonsense", "AITHER_E_REQUEST_INVALID", /key#attempt:offset/],
  ] as const) {
    const { problem } = await ask(lab.socket, `/api/jobs/${jobId}/logs?${query}`);
    assert.equal(problem.code, code, query);
    assert.match(problem.detail, detail);
  }
});
