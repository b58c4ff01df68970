import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { JobId, Reply } from "@aither/protocol";
import { waitFor } from "../rig/wait.ts";
import { ask } from "./lib/http.ts";
import { Lab, sh } from "./lib/lab.ts";

/** Output by place: how long it is, block by block, as a file, a range of it. All blocks together are the raw text. */

type Meta = Reply<"jobLogMeta">;

async function metaOf(lab: Lab, jobId: JobId, query = ""): Promise<Meta> {
  const { status, body, text } = await ask(lab.socket, `/api/jobs/${jobId}/logs/meta?${query}`);
  assert.equal(status, 200, text);
  return body as unknown as Meta;
}

const block = (lab: Lab, jobId: JobId, number: number, query = "", headers = {}) =>
  ask(lab.socket, `/api/jobs/${jobId}/logs/blocks/${number}?${query}`, { headers });

async function blocks(lab: Lab, jobId: JobId, query = ""): Promise<string[]> {
  const { lines } = await metaOf(lab, jobId, query);
  const all: string[] = [];
  for (let number = 0; number * 256 < lines; number += 1) all.push((await block(lab, jobId, number, query)).text);
  return all;
}

const raw = async (lab: Lab, jobId: JobId, query = "") =>
  (await ask(lab.socket, `/api/jobs/${jobId}/logs?${query}`)).text;

test("all blocks together are the text, whatever its lines are, and each has 256 of them", async () => {
  await using lab = await Lab.create();
  const script = `seq 1 700; printf '\\n\\n\\r\\n'; head -c 3000000 /dev/zero | tr '\\0' x; echo; seq 701 1000; printf 'no end'`;
  const jobId = await lab.run([sh(script), sh("echo out; echo err >&2; exit 1", { separateStderr: true })]);
  await lab.ended(jobId);
  const meta = await metaOf(lab, jobId, "script=s/0");
  const text = await raw(lab, jobId, "script=s/0");
  assert.deepEqual(
    [meta.lines, meta.bytes, meta.block, meta.done, meta.attempt, meta.stream],
    [1005, text.length, 256, true, 1, "out"],
  );
  const all = await blocks(lab, jobId, "script=s/0");
  assert.equal(all.join(""), text);
  assert.deepEqual(
    all.map((one) => one.split("\n").length - 1),
    [256, 256, 256, 236],
  );
  assert.deepEqual(await blocks(lab, jobId, "script=s/1&stream=err"), ["err\n"]);
  const behind = await block(lab, jobId, 99, "script=s/0");
  assert.deepEqual([behind.status, behind.text], [200, ""]);
});

test("a full block of what is done may be kept for ever, any other is asked for by its tag", async () => {
  await using lab = await Lab.create();
  const gate = join(lab.root, "gate");
  const jobId = await lab.run([sh(`seq 1 300; while [ ! -e ${gate} ]; do sleep 0.02; done; seq 301 600`)]);
  await waitFor("its first lines", async () => (await metaOf(lab, jobId)).lines === 300);
  assert.equal((await metaOf(lab, jobId)).done, false);
  const [full, part] = [await block(lab, jobId, 0), await block(lab, jobId, 1)];
  for (const { headers } of [full, part]) {
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.match(String(headers["content-security-policy"]), /^sandbox/);
  }
  const same = await block(lab, jobId, 1, "", { "if-none-match": part.headers.etag });
  assert.deepEqual([same.status, same.text, same.headers.etag], [304, "", part.headers.etag]);
  await writeFile(gate, "");
  await lab.ended(jobId);
  const again = await block(lab, jobId, 1, "", { "if-none-match": part.headers.etag });
  assert.equal(again.status, 200);
  assert.ok(again.text.startsWith(part.text) && again.text.endsWith("512\n"));
  const forEver = await block(lab, jobId, 0, "", { "if-none-match": full.headers.etag });
  assert.deepEqual([forEver.status, forEver.headers["cache-control"]], [304, "private, max-age=31536000, immutable"]);
  const last = await block(lab, jobId, 2);
  assert.deepEqual([last.text.split("\n").length, last.headers["cache-control"]], [600 - 512 + 1, "no-store"]);
  assert.notEqual(last.headers.etag, again.headers.etag);
});

test("secrets are masked in blocks and in the file, and then no range is heeded", async () => {
  await using lab = await Lab.create();
  const secrets = { PASSWORD: "hunter2-and-more" };
  const jobId = await lab.run([sh('seq 1 255; echo "a $PASSWORD b"; seq 1 255; printf "%s" "$PASSWORD"')], { secrets });
  await lab.ended(jobId);
  const all = await blocks(lab, jobId);
  assert.equal(all.join(""), await raw(lab, jobId));
  assert.ok(all[0]!.endsWith("\na *** b\n") && all[1]!.endsWith("\n255\n***"), all[1]);
  const whole = await ask(lab.socket, `/api/jobs/${jobId}/logs/raw`, { headers: { range: "bytes=0-9" } });
  assert.deepEqual([whole.status, whole.text, whole.headers["accept-ranges"]], [200, all.join(""), undefined]);
});

test("the file: whole, a range of it, its end, with a name", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh("printf 0123456789"), sh("echo other")]);
  await lab.ended(jobId);
  const get = (range?: string, more = "") =>
    ask(lab.socket, `/api/jobs/${jobId}/logs/raw?script=s/0${more}`, range === undefined ? {} : { headers: { range } });
  for (const [range, status, text, told] of [
    [undefined, 200, "0123456789", undefined],
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=8-", 206, "89", "bytes 8-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=5-500", 206, "56789", "bytes 5-9/10"],
    ["bytes=50-60", 200, "0123456789", undefined],
    ["lines=1-2", 200, "0123456789", undefined],
  ] as const) {
    const found = await get(range);
    assert.deepEqual([found.status, found.text, found.headers["content-range"]], [status, text, told], range);
    assert.equal(found.headers["content-length"], String(text.length));
  }
  const { headers } = await get(undefined, "&download=true");
  assert.equal(headers["content-disposition"], 'attachment; filename="1-s-0-1.log"');
});

test("where the middle of a log was left out the line that says so has its place", async (t) => {
  await using lab = await Lab.create();
  const logLimit = { head: 1024 * 1024, tail: 1024 * 1024 };
  const jobId = await lab.run([sh("seq 1 1200000; sleep 2; echo end", { logLimit })]);
  await lab.ended(jobId);
  const text = await raw(lab, jobId);
  // Held by log-limits.test.ts, which says why.
  if (!text.includes("left out here")) return t.skip("no holes in files here");
  const all = await blocks(lab, jobId);
  assert.equal(all.join(""), text);
  assert.ok(all.slice(0, -1).every((one) => one.split("\n").length === 257));
  const { lines } = await metaOf(lab, jobId);
  assert.equal(lines, text.split("\n").length - 1);
});

test("the last block of a log of a gigabyte is found by reading it once, and then by reading nothing", async () => {
  await using lab = await Lab.create();
  // A hole of the file system: a line of zeros, which is read like any other.
  const jobId = await lab.run([sh(`seq 1 100000; truncate -s 1G /proc/self/fd/1; printf '\\n'; seq 1 1000`)]);
  await lab.ended(jobId);
  const timed = async <T>(run: () => Promise<T>): Promise<[T, number]> => {
    const from = performance.now();
    return [await run(), performance.now() - from];
  };
  const [meta, firstMs] = await timed(() => metaOf(lab, jobId));
  assert.equal(meta.lines, 101_001);
  const last = Math.floor((meta.lines - 1) / 256);
  const [found, thenMs] = await timed(() => block(lab, jobId, last));
  assert.ok(found.text.endsWith("\n1000\n"));
  assert.ok(thenMs < firstMs / 4 + 20, `${thenMs} ms after ${firstMs} ms`);
});

test("what is asked for wrongly is refused with the reason", async () => {
  await using lab = await Lab.create();
  const jobId = await lab.run([sh("echo a"), sh("echo b")]);
  await lab.ended(jobId);
  for (const [path, code, detail] of [
    ["meta", "AITHER_E_REQUEST_INVALID", /script is missing: job 1 has 2/],
    ["meta?script=s", "AITHER_E_REQUEST_INVALID", /"s" is more than one script/],
    ["meta?script=nobody", "AITHER_E_STAGE_OR_SCRIPT_NOT_FOUND", /no script "nobody"/],
    ["blocks/0?script=s/0&attempt=7", "AITHER_E_STAGE_OR_SCRIPT_NOT_FOUND", /no attempt 7/],
    ["blocks/-1?script=s/0", "AITHER_E_REQUEST_INVALID", /block/],
    ["raw?script=s/0&stream=err", "AITHER_E_REQUEST_INVALID", /no stderr of its own/],
  ] as const) {
    const { problem } = await ask(lab.socket, `/api/jobs/${jobId}/logs/${path}`);
    assert.equal(problem.code, code, path);
    assert.match(problem.detail, detail);
  }
});
