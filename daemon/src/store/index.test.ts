import assert from "node:assert/strict";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createDurableFs } from "@aither/supervise";
import type { IndexEntry } from "./index-lines.ts";
import { JobIndex } from "./index.ts";

const month = new Date().toISOString().slice(0, 7);

function entry(number: number, extras: Partial<IndexEntry> = {}): IndexEntry {
  return {
    jobId: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    number,
    name: "n",
    playbook: "p",
    workspace: "/w",
    status: "Completed",
    reason: "",
    queuedAt: "2026-11-22T10:00:00.000Z",
    startedAt: null,
    endedAt: `${month}-22T10:00:00.000Z`,
    counts: { total: 0, pending: 0, running: 0, completed: 0, failed: 0, skipped: 0, cancelled: 0 },
    parent: null,
    requestId: null,
    date: "2026-11-22",
    top: 0,
    ...extras,
  };
}

type Lab = { folder: string; file: string; rebuilds: string[]; onDisk: IndexEntry[]; open: () => Promise<JobIndex> };

async function lab(run: (lab: Lab) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "ai-"));
  const folder = join(root, "index");
  const rebuilds: string[] = [];
  const onDisk: IndexEntry[] = [];
  const open = async (): Promise<JobIndex> => {
    const finishedJobs = async function* (): AsyncIterable<IndexEntry> {
      yield* onDisk;
    };
    const index = new JobIndex({ fs: createDurableFs(), folder, finishedJobs, onRebuild: (why) => rebuilds.push(why) });
    await index.open();
    return index;
  };
  try {
    await run({ folder, file: join(folder, `${month}.ndjson`), rebuilds, onDisk, open });
  } finally {
    await rm(root, { recursive: true });
  }
}

async function numbers(index: JobIndex): Promise<number[]> {
  return (
    await index.collect(
      () => true,
      () => false,
    )
  ).map(({ number }) => number);
}

test("latest end first, each job once, without the removed ones", async () => {
  await lab(async ({ open }) => {
    const index = await open();
    for (const number of [1, 2, 3, 2]) await index.add(entry(number), number);
    await index.remove({ jobId: entry(1).jobId, number: 1 });
    assert.deepEqual(await numbers(index), [2, 3]);
    await index.close();
    const again = await open();
    assert.deepEqual(await numbers(again), [2, 3]);
    assert.equal(again.top, 3);
    await again.close();
  });
});

test("a request finds its job, from before and from now, until the job is removed", async () => {
  await lab(async ({ open }) => {
    const before = await open();
    await before.add(entry(1, { requestId: "one" }), 1);
    await before.add(entry(2), 2);
    await before.close();
    const index = await open();
    assert.equal(await index.byRequest("one"), entry(1).jobId);
    assert.equal(await index.byRequest("three"), undefined);
    await index.add(entry(3, { requestId: "three" }), 3);
    assert.equal(await index.byRequest("three"), entry(3).jobId);
    await index.remove({ jobId: entry(1).jobId, number: 1 });
    assert.equal(await index.byRequest("one"), undefined);
    await index.close();
  });
});

test("a reader who goes back stops as soon as no higher number can follow", async () => {
  await lab(async ({ open }) => {
    const index = await open();
    for (let number = 1; number <= 500; number += 1) await index.add(entry(number), number);
    let looked = 0;
    const found = await index.collect(
      () => {
        looked += 1;
        return true;
      },
      (kept, mayStopBelow) => (kept.at(-1)?.number ?? 0) >= mayStopBelow && kept.length >= 10,
    );
    assert.equal(found.length, 10);
    assert.equal(looked, 10);
    await index.close();
  });
});

test("lines longer than one read, and more of them than fit into one", async () => {
  await lab(async ({ open }) => {
    const index = await open();
    for (let number = 1; number <= 20; number += 1) {
      await index.add(entry(number, { name: `${"ü".repeat(number * 4_000)}` }), number);
    }
    const all = await index.collect(
      () => true,
      () => false,
    );
    assert.deepEqual(
      all.map(({ number, name }) => [number, name.length / 4_000]),
      [...Array(20)].map((_, at) => [20 - at, 20 - at]),
    );
    await index.close();
  });
});

test("a torn last line is cut, and the next one is not glued to it", async () => {
  await lab(async ({ open, file, rebuilds }) => {
    const first = await open();
    await first.add(entry(1), 1);
    await first.close();
    await appendFile(file, '{"jobId":"half');
    rebuilds.length = 0;
    const index = await open();
    assert.deepEqual(await numbers(index), [1]);
    await index.add(entry(2), 2);
    assert.deepEqual(await numbers(index), [2, 1]);
    assert.deepEqual(rebuilds, []);
    await index.close();
  });
});

test("a damaged line makes the index anew from what is on disk", async () => {
  await lab(async ({ open, file, rebuilds, onDisk }) => {
    const index = await open();
    for (const number of [1, 2, 3]) await index.add(entry(number), number);
    const lines = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, [lines[0], "garbage", ...lines.slice(2)].join("\n"));
    onDisk.push(entry(2), entry(1), entry(3));
    rebuilds.length = 0;
    assert.deepEqual(
      (await numbers(index)).sort((a, b) => a - b),
      [1, 2, 3],
    );
    assert.equal(rebuilds.length, 1);
    await index.add(entry(4), 4);
    assert.deepEqual(
      (await numbers(index)).sort((a, b) => a - b),
      [1, 2, 3, 4],
    );
    await index.close();
  });
});

test("a missing index comes back, and numbers go on behind it", async () => {
  await lab(async ({ open, folder, rebuilds, onDisk }) => {
    onDisk.push(entry(7), entry(3, { endedAt: "2020-01-31T00:00:00.000Z" }));
    const index = await open();
    assert.equal(rebuilds.length, 1);
    assert.deepEqual(await readdir(folder), ["2020-01.ndjson", `${month}.ndjson`]);
    assert.equal(index.top, 7);
    assert.equal(await index.count(), 2);
    await index.add(entry(8), 8);
    assert.equal(await index.count(), 3);
    await index.close();
  });
});

test("a damaged last line does not keep anybody from opening it, and no number is given out twice", async () => {
  await lab(async ({ file, onDisk, open, rebuilds }) => {
    const index = await open();
    for (const number of [1, 2, 3]) await index.add(entry(number), number);
    await index.remove(entry(3));
    await index.close();
    onDisk.push(entry(1), entry(2));
    rebuilds.length = 0;
    await appendFile(file, "rubbish\n");
    const next = await open();
    assert.equal(rebuilds.length, 1);
    assert.deepEqual(await numbers(next), [2, 1]);
    assert.equal(next.top, 3);
    await next.close();
  });
});

test("what removed jobs left behind goes when it is much, and the highest number stays known", async () => {
  await lab(async ({ file, open }) => {
    const index = await open();
    for (let number = 1; number <= 10; number += 1) await index.add(entry(number), number);
    await index.remove(entry(1));
    await index.compactIfWorthIt();
    assert.equal((await readFile(file, "utf8")).split("\n").length - 1, 11, "two of eleven are not worth it");
    for (const number of [10, 9, 8]) await index.remove(entry(number));
    await index.compactIfWorthIt();
    assert.equal((await readFile(file, "utf8")).split("\n").length - 1, 7);
    assert.deepEqual(await numbers(index), [7, 6, 5, 4, 3, 2]);
    await index.add(entry(11), 11);
    assert.deepEqual(await numbers(index), [11, 7, 6, 5, 4, 3, 2]);
    for (const number of [11, 7, 6, 5, 4, 3, 2]) await index.remove(entry(number));
    await index.compactIfWorthIt();
    await index.close();
    assert.equal((await open()).top, 11);
  });
});

test("counts each job once, without the removed ones, and parses what looks strange", async () => {
  await lab(async ({ file, open, rebuilds }) => {
    const index = await open();
    for (let number = 1; number <= 20; number += 1) await index.add(entry(number), number);
    await index.add(entry(7), 20);
    await index.remove({ jobId: entry(3).jobId, number: 3 });
    await index.close();
    const { jobId, number, ...others } = entry(21);
    await appendFile(file, `${JSON.stringify({ ...others, number, top: 21, jobId })}\n`);
    const again = await open();
    assert.equal(await again.count(), 20);
    assert.deepEqual(rebuilds, ["there is no index"]);
    await again.close();
  });
});

test("a number leads to its line, wherever that is, and a damaged last line does not keep it from opening", async () => {
  await lab(async ({ file, open, onDisk, rebuilds }) => {
    const index = await open();
    // The first job ends last, and lines are of very different lengths.
    for (let number = 2; number <= 300; number += 1) {
      await index.add(entry(number, { reason: "x".repeat((number % 7) * 1_000) }), number);
    }
    await index.add(entry(1), 300);
    for (const number of [1, 2, 3, 150, 299, 300]) assert.equal((await index.byNumber(number))?.number, number);
    assert.equal(await index.byNumber(301), undefined);
    await index.close();
    onDisk.push(entry(5));
    await appendFile(file, "rubbish\n");
    const again = await open();
    assert.equal(again.top, 300);
    assert.equal(rebuilds.length, 2);
    await again.close();
  });
});
