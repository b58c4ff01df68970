import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { JobId, LogLine, SearchHit } from "@aither/protocol";
import { ask, lines, open } from "./lib/http.ts";
import { Lab, sh } from "./lib/lab.ts";

/** Search through output: what `grep -n` finds, of every job, newest first. */

async function search(lab: Lab, query: Record<string, string | number | boolean>, path = "/api/search") {
  const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const found: (SearchHit & { problem?: { code: string } })[] = [];
  for await (const hit of lines<SearchHit>(await open(lab.socket, `${path}?${text.join("&")}`))) found.push(hit);
  return found;
}

const told = (hits: readonly SearchHit[]) => hits.map(({ number, script, line, text }) => [number, script, line, text]);

async function ran(lab: Lab, ...scripts: Parameters<Lab["run"]>[0]): Promise<JobId> {
  const jobId = await lab.run(scripts);
  await lab.ended(jobId);
  return jobId;
}

test("finds lines of all jobs, newest first, each with its number, and what narrows it down does so", async () => {
  await using lab = await Lab.create();
  const first = await ran(lab, sh("echo alpha; echo Beta; echo 'gamma beta'"), sh("echo beta; printf 'the beta end'"));
  await ran(lab, sh("printf 'x\\r\\nbeta\\r\\n'; echo beta >&2", { separateStderr: true }));
  const all: ReturnType<typeof told> = [
    [2, "s/0", 2, "beta"],
    [2, "s/0", 1, "beta"],
    [1, "s/0", 3, "gamma beta"],
    [1, "s/1", 1, "beta"],
    [1, "s/1", 2, "the beta end"],
  ];
  assert.deepEqual(told(await search(lab, { q: "beta" })), all);
  assert.deepEqual(told(await search(lab, { q: "beta", job: first })), all.slice(2));
  assert.deepEqual(told(await search(lab, { q: "beta", script: "s/1" })), all.slice(3));
  assert.deepEqual(told(await search(lab, { q: "beta", max: 2 })), all.slice(0, 2));
  assert.deepEqual(told(await search(lab, { q: "beta", stream: "err" })), all.slice(1, 2));
  assert.deepEqual(told(await search(lab, { q: "beta", from: 3 }, `/api/jobs/${first}/logs/search`)), all.slice(2, 3));
  assert.equal((await search(lab, { q: "bETA", case: false })).length, 6);
  assert.deepEqual(told(await search(lab, { q: "^b.t[^x]$", re: true })), [all[0], all[1], all[3]]);
  assert.deepEqual(await search(lab, { q: ".*" }), [], "without re the text is taken as it is");
  assert.deepEqual(await search(lab, { q: "beta", since: new Date(Date.now() + 60_000).toISOString() }), []);
  assert.equal((await search(lab, { q: "beta", since: new Date(Date.now() - 60_000).toISOString() })).length, 5);
});

test("finds what grep finds, by bytes, in either case and by regex, over block borders", async () => {
  await using lab = await Lab.create();
  const file = join(lab.root, "big");
  const text = Array.from({ length: 120_000 }, (_, index) => {
    const word = index % 977 === 0 ? "Needle" : index % 1231 === 0 ? "needle é" : "hay";
    return `${index} ${word} ${"·".repeat(index % 61)}`;
  }).join("\n");
  await writeFile(file, `${text}\n`);
  const jobId = await ran(lab, sh(`cat ${file}`));
  const grep = (...argv: string[]) =>
    new Promise<string>((resolve) =>
      execFile("grep", ["-an", ...argv, file], { env: { LC_ALL: "C.UTF-8" }, maxBuffer: 1e8 }, (_, out) =>
        resolve(out),
      ),
    );
  for (const [query, argv] of [
    [{ q: "needle" }, ["needle"]],
    [{ q: "NEEDLE É", case: false }, ["-i", "NEEDLE É"]],
    [{ q: "^[0-9]*7 N?n?eedle", re: true }, ["-E", "^[0-9]*7 N?n?eedle"]],
  ] as const) {
    const found = await search(lab, { ...query, job: jobId });
    assert.ok(found.length > 10);
    assert.equal(found.map(({ line, text: shown }) => `${line}:${shown}\n`).join(""), await grep(...argv));
  }
});

test("long lines, zero bytes and broken UTF-8 are searched like any other", async () => {
  await using lab = await Lab.create();
  const file = join(lab.root, "odd");
  const long = Buffer.alloc(9 * 1024 * 1024, "ab");
  long.write("NEEDLE", 2 * 1024 * 1024 - 3);
  long.write("NEEDLE", 7 * 1024 * 1024);
  await writeFile(
    file,
    Buffer.concat([
      Buffer.from("one\n"),
      long,
      Buffer.from("\n\u0000NEEDLE\u0000\n"),
      Buffer.from([0xff, 0x4e]),
      Buffer.from("EEDLE"),
    ]),
  );
  await ran(lab, sh(`cat ${file}`));
  for (const query of [{ q: "NEEDLE" }, { q: "needle", case: false }, { q: "NE+DLE", re: true }]) {
    const found = await search(lab, query);
    assert.deepEqual(
      found.map(({ line }) => line),
      [2, 3, 4],
      JSON.stringify(query),
    );
    assert.ok(found[0]!.text.length <= 16 * 1024 && found[0]!.text.includes("NEEDLE"));
    assert.equal(found[1]!.text, "\u0000NEEDLE\u0000");
    assert.equal(found[2]!.text, "\ufffdNEEDLE");
  }
});

test("a regex that would never end is stopped and says so, while the daemon answers", async () => {
  await using lab = await Lab.create();
  await ran(lab, sh(`echo ${"a".repeat(60)}!`));
  const searching = search(lab, { q: "(a+)+$", re: true });
  let slowest = 0;
  for (let asked = 0; asked < 50; asked++) {
    const before = performance.now();
    assert.equal((await ask(lab.socket, "/api/health")).status, 200);
    slowest = Math.max(slowest, performance.now() - before);
  }
  const found = await searching;
  assert.equal(found[0]?.problem?.code, "AITHER_E_SEARCH_TOO_SLOW");
  assert.ok(slowest < 500, `the daemon was silent for ${slowest} ms`);
  assert.equal((await search(lab, { q: "a!" })).length, 1, "the next search is not harmed");
});

test("a reader that stops reading stops the search; there is room again at once", async () => {
  await using lab = await Lab.create();
  await ran(lab, sh("yes needle | head -n 3000000"));
  for (let round = 0; round < 12; round++) {
    const answer = await open(lab.socket, "/api/search?q=needle");
    for await (const _ of answer) break;
    answer.destroy();
  }
  for (;;) {
    const answer = await open(lab.socket, "/api/search?q=needle&max=1");
    if (answer.statusCode === 200) break;
    answer.resume();
  }
});

test("what is asked for wrongly is refused with the reason", async () => {
  await using lab = await Lab.create();
  const jobId = await ran(lab, sh("echo x"));
  for (const [path, code, detail] of [
    ["/api/search?q=(&re=1", "AITHER_E_REQUEST_INVALID", /is no regex: /],
    ["/api/search", "AITHER_E_REQUEST_INVALID", /has no q/],
    ["/api/search?q=a%0Ab", "AITHER_E_REQUEST_INVALID", /line by line|one by one/],
    ["/api/search?q=a&since=x", "AITHER_E_REQUEST_INVALID", /ISO 8601/],
    ["/api/search?q=a&job=999", "AITHER_E_JOB_NOT_FOUND", /999/],
    [`/api/jobs/${jobId}/logs/search?q=a&script=nobody`, "AITHER_E_STAGE_OR_SCRIPT_NOT_FOUND", /nobody/],
  ] as const) {
    const { problem } = await ask(lab.socket, path);
    assert.equal(problem.code, code, path);
    assert.match(problem.detail, detail);
  }
});

/** What `logs` says of the end of each line of an output. */
async function timesOfLines(lab: Lab, jobId: JobId, stream: "out" | "err" = "out"): Promise<(string | null)[]> {
  const times: (string | null)[] = [];
  let lineIsOver = true;
  for await (const piece of lines<LogLine>(await open(lab.socket, `/api/jobs/${jobId}/logs?format=ndjson`))) {
    if (piece.stream !== stream) continue;
    if (lineIsOver) times.push(piece.time);
    else times[times.length - 1] = piece.time;
    lineIsOver = piece.text?.endsWith("\n") ?? false;
  }
  return times;
}

for (const [how, secrets] of [
  ["plain", {}],
  ["masked", { KEY: "s3cr3t-value" }],
] as const) {
  test(`every hit has the time of its line, the one that logs tell, in whatever way it is found: ${how}`, async () => {
    await using lab = await Lab.create();
    const gate = join(lab.root, "gate");
    const waits = (name: string) => `while [ ! -e ${gate}${name} ]; do sleep 0.01; done`;
    const text = `echo 'hit é s3cr3t-value'; echo no; ${waits("1")}; echo s3cr3t-value hit; ${waits("2")}; echo hit >&2; printf 'the last hit'`;
    const jobId = await lab.run([sh(text, { separateStderr: true })], { secrets });
    let seen: SearchHit[] = [];
    // The time is there as soon as the line was seen, also while its script goes on.
    for (const count of [1, 2]) {
      while (seen.length < count || seen.at(-1)?.time === null) seen = await search(lab, { q: "hit", job: jobId });
      await delay(50);
      await writeFile(`${gate}${count}`, "");
    }
    await lab.ended(jobId);
    const times = await timesOfLines(lab, jobId);
    assert.equal(new Set(times).size, 3, JSON.stringify(times));
    const wanted = [
      ["out", 1, times[0]],
      ["out", 3, times[2]],
      ["out", 4, times[3]],
      ["err", 1, (await timesOfLines(lab, jobId, "err"))[0]],
    ];
    for (const query of [
      { q: "hit" },
      { q: "HIT", case: false },
      { q: "h[i]t", re: true },
      { q: "hi+t\\b", re: true },
    ]) {
      const found = await search(lab, { ...query, job: jobId });
      assert.deepEqual(
        found.map(({ stream, line, time }) => [stream, line, time]),
        wanted,
        JSON.stringify(query),
      );
      assert.equal(JSON.stringify(found).includes("s3cr3t"), how === "plain");
    }
    assert.deepEqual(
      seen.map(({ time }) => time),
      [times[0], times[2]],
    );
  });
}
