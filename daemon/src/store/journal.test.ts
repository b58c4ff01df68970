import assert from "node:assert/strict";
import { appendFile, chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { JournalConflict } from "@aither/engine";
import type { Event, JobId } from "@aither/protocol";
import { createDurableFs, type DurableFs } from "@aither/supervise";
import type { Log } from "../host.ts";
import { JournalDamaged, JournalNewer } from "./errors.ts";
import { openState, type StartRefused } from "./format.ts";
import { JobFolders } from "./job-folders.ts";
import { FileJournal } from "./journal.ts";
import { layout, type Layout } from "./layout.ts";

const jobId = "7f3a0b1c-2d4e-4f60-8a9b-0c1d2e3f4a5b";

function event(seq: number, fields: object = { type: "OrchestrationResumed", by: "me" }, id: JobId = jobId): Event {
  return { v: 1, seq, time: "2026-11-22T10:00:00.000Z", jobId: id, ...fields } as Event;
}

type Lab = {
  names: Layout;
  file: string;
  said: string[];
  retired: JobId[];
  /** A new life of the daemon: nothing is remembered but what is on disk. */
  open: (fs?: DurableFs) => Promise<{ journal: FileJournal; folders: JobFolders }>;
};

async function lab(run: (lab: Lab) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "aj-"));
  const names = layout(root);
  const said: string[] = [];
  const retired: JobId[] = [];
  const say = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const open: Lab["open"] = async (fs = createDurableFs()) => {
    await openState(fs, names);
    const folders = new JobFolders(names, fs);
    const onRetire = async (id: JobId): Promise<void> => void retired.push(id);
    return { journal: new FileJournal({ fs, folders, log, check: async () => undefined, onRetire }), folders };
  };
  try {
    const file = join(names.jobs, "2026-11-22", jobId, "events.ndjson");
    await run({ names, file, said, retired, open });
  } finally {
    await rm(root, { recursive: true });
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The open jobs that can go on. */
async function goingOn(journal: FileJournal): Promise<string[]> {
  const ids: string[] = [];
  for (const id of await journal.openJobs()) if (await journal.recover(id, () => undefined)) ids.push(id);
  return ids;
}

for (const [length, count] of [
  ["short", 20],
  ["long", 12_000],
] as const) {
  test(`a ${length} journal is read behind any event, with turns for everybody else, and of a damaged one nothing is told`, async () => {
    await lab(async ({ open, file }) => {
      const { journal } = await open();
      const events = Array.from({ length: count }, (_, at) => event(at + 1));
      await journal.append(jobId, 0, events);
      await appendFile(file, '{"v":1,"se');
      const next = await open();
      let turns = 0;
      const turn = (): void => {
        turns += 1;
        waiting = setImmediate(turn);
      };
      let waiting = setImmediate(turn);
      for (const after of [0, 1, count - 1, count, count + 5])
        for (const life of [journal, next.journal])
          assert.deepEqual(await all(life.read(jobId, after)), events.slice(after), `after ${after}`);
      assert.deepEqual(await all(next.journal.walk(jobId)), events);
      clearImmediate(waiting);
      assert.ok(count < 1_000 || turns > 20, `${turns} turns`);

      const lines = (await readFile(file, "utf8")).split("\n");
      await writeFile(file, [...lines.slice(0, count - 2), "{}", ...lines.slice(count - 1)].join("\n"));
      const told: Event[] = [];
      await assert.rejects(async () => {
        for await (const one of next.journal.read(jobId)) told.push(one);
      }, JournalDamaged);
      assert.deepEqual(told, []);
    });
  });
}

test("what was appended is read again, by this life and the next", async () => {
  await lab(async ({ open }) => {
    const { journal } = await open();
    await journal.append(jobId, 0, [event(1), event(2)]);
    await journal.append(jobId, 2, [event(3)]);
    assert.deepEqual(await all(journal.read(jobId)), [event(1), event(2), event(3)]);
    const next = await open();
    assert.deepEqual(await goingOn(next.journal), [jobId]);
    assert.deepEqual(await all(next.journal.read(jobId)), [event(1), event(2), event(3)]);
    await next.journal.append(jobId, 3, [event(4)]);
    assert.equal((await all(next.journal.read(jobId))).length, 4);
    await journal.close();
    await next.journal.close();
  });
});

test("an append that expects another seq changes nothing and says what is there", async () => {
  await lab(async ({ open, file }) => {
    const { journal } = await open();
    await journal.append(jobId, 0, [event(1)]);
    const before = await readFile(file);
    await assert.rejects(journal.append(jobId, 0, [event(1)]), (error: JournalConflict) => error.foundSeq === 1);
    await assert.rejects(journal.append(jobId, 5, [event(6)]), JournalConflict);
    assert.deepEqual(await readFile(file), before);
    const next = await open();
    await assert.rejects(next.journal.append(jobId, 0, [event(1)]), JournalConflict);
    await journal.close();
  });
});

test("folders are 0700 and files 0600, whatever the umask", async () => {
  const umask = process.umask(0);
  try {
    await lab(async ({ open, names, file }) => {
      const { journal, folders } = await open();
      await folders.create(jobId, Date.parse("2026-11-22T10:00:00.000Z"));
      await journal.append(jobId, 0, [event(1)]);
      const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
      assert.equal(await mode(file), 0o600);
      assert.equal(await mode(names.format), 0o600);
      for (const folder of [
        names.active,
        names.jobs,
        names.exits,
        join(file, ".."),
        join(file, "..", "scripts"),
        join(file, "..", ".."),
      ]) {
        assert.equal(await mode(folder), 0o700, folder);
      }
      await journal.close();
    });
  } finally {
    process.umask(umask);
  }
});

for (const [what, tail] of [
  ["half a line", '{"v":1,"seq":3,"ti'],
  ["a whole event without its newline", JSON.stringify(event(3))],
  ["zeros", "\0".repeat(100)],
  ["a line of rubbish", "rubbish\n"],
] as const) {
  test(`the torn end is cut and said, the rest goes on: ${what}`, async () => {
    await lab(async ({ open, file, said }) => {
      const { journal } = await open();
      await journal.append(jobId, 0, [event(1), event(2)]);
      await journal.close();
      const good = await readFile(file);
      await appendFile(file, tail);
      const next = await open();
      assert.deepEqual(await goingOn(next.journal), [jobId]);
      assert.deepEqual(await readFile(file), good);
      assert.match(said.join("\n"), new RegExp(`cut the torn end.*"cutBytes":${tail.length}`));
      await next.journal.append(jobId, 2, [event(3)]);
      assert.deepEqual(await all(next.journal.read(jobId)), [event(1), event(2), event(3)]);
      await next.journal.close();
    });
  });
}

for (const [what, line, reason] of [
  ["rubbish", "rubbish", /:2: this is not JSON/],
  ["no version", JSON.stringify({ ...event(2), v: 0 }), /:2: no event is of version 0/],
  ["a gap in seq", JSON.stringify(event(7)), /:2: seq 2 is missing, found 7/],
  [
    "another job's event",
    JSON.stringify(event(2, {}, "00000000-0000-4000-8000-000000000000")),
    /:2: this is not an event/,
  ],
  [
    "an id that is no text, nor can be one",
    JSON.stringify({ ...event(2), jobId: { toString: 1 } }),
    /:2: this event belongs to \{"toString":1\}/,
  ],
] as const) {
  test(`damage in the middle sets the job aside and touches nothing: ${what}`, async () => {
    await lab(async ({ open, file, names, retired }) => {
      const { journal } = await open();
      await journal.append(jobId, 0, [event(1), event(2), event(3)]);
      await journal.close();
      const lines = (await readFile(file, "utf8")).split("\n");
      await writeFile(file, [lines[0], line, ...lines.slice(2)].join("\n"));
      const damaged = await readFile(file);
      const next = await open();
      assert.deepEqual(await goingOn(next.journal), []);
      const error = next.journal.setAside.get(jobId);
      assert.ok(error instanceof JournalDamaged);
      assert.match(error.message, reason);
      assert.equal(error.file, file);
      await assert.rejects(next.journal.load(jobId), JournalDamaged);
      assert.deepEqual(await readFile(file), damaged);
      assert.deepEqual(await readdir(names.active), [jobId]);
      assert.deepEqual(retired, []);
    });
  });
}

test("a newer journal is refused to be continued and stays as it is", async () => {
  await lab(async ({ open, file }) => {
    const { journal } = await open();
    await journal.append(jobId, 0, [event(1)]);
    await journal.close();
    await appendFile(file, `${JSON.stringify({ ...event(2), v: 2 })}\n`);
    const next = await open();
    assert.deepEqual(await goingOn(next.journal), []);
    assert.ok(next.journal.setAside.get(jobId) instanceof JournalNewer);
    assert.match(await readFile(file, "utf8"), /"v":2/);
  });
});

test("a job that was never accepted is forgotten; one that ended is retired", async () => {
  const other = "00000000-0000-4000-8000-000000000000";
  await lab(async ({ open, names, file, retired }) => {
    const { journal, folders } = await open();
    await journal.append(jobId, 0, [event(1)]);
    await writeFile(file, '{"v":1,"se');
    await journal.append(other, 0, [event(1, undefined, other), event(2, { type: "OrchestrationCompleted" }, other)]);
    await journal.close();
    assert.equal(await folders.isLinked(jobId), true);
    const next = await open();
    assert.deepEqual(await goingOn(next.journal), []);
    assert.deepEqual(retired, [other]);
    assert.deepEqual(await readdir(names.active), []);
    await next.journal.retire(other);
    assert.deepEqual(retired, [other]);
  });
});

test("an end that was only read is made durable before the job is retired", async () => {
  await lab(async ({ open, file }) => {
    const { journal } = await open();
    await journal.append(jobId, 0, [event(1), event(2, { type: "OrchestrationCompleted" })]);
    await journal.close();
    const done: string[] = [];
    const real = createDurableFs();
    const watched: DurableFs = {
      ...real,
      syncFile: async (path) => {
        await real.syncFile(path);
        done.push(`synced ${path}`);
      },
      unlink: async (path) => {
        done.push(`unlinked ${path}`);
        return real.unlink(path);
      },
    };
    const next = await open(watched);
    assert.deepEqual(await goingOn(next.journal), []);
    const synced = done.findIndex((step) => step.startsWith("synced") && step.endsWith(file.slice(-60)));
    const unlinked = done.findIndex((step) => step.startsWith("unlinked"));
    assert.ok(synced >= 0 && unlinked > synced, done.join("\n"));
    await next.journal.close();
  });
});

test("active/ is made again from the journals that have no end", async () => {
  const other = "00000000-0000-4000-8000-000000000000";
  await lab(async ({ open, names }) => {
    const { journal } = await open();
    await journal.append(jobId, 0, [event(1)]);
    await journal.append(other, 0, [event(1, { type: "OrchestrationCompleted" }, other)]);
    await journal.close();
    await rm(names.active, { recursive: true });
    const next = await open();
    assert.deepEqual(await goingOn(next.journal), [jobId]);
    assert.deepEqual(await readdir(names.active), [jobId]);
  });
});

test("many more jobs than open files", async () => {
  await lab(async ({ open }) => {
    const { journal } = await open();
    const ids = [...Array(200)].map((_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`);
    await Promise.all(ids.map(async (id) => journal.append(id, 0, [event(1, undefined, id)])));
    await Promise.all(ids.map(async (id) => journal.append(id, 1, [event(2, undefined, id)])));
    for (const id of ids) assert.equal((await all(journal.read(id))).length, 2, id);
    await journal.close();
  });
});

test("a state of a newer version is refused and nothing of it is touched", async () => {
  await lab(async ({ open, names }) => {
    await open();
    await writeFile(names.format, '{"version": 99}');
    await assert.rejects(open(), (error: StartRefused) => error.problem.code === "AITHER_E_STATE_NEWER");
    assert.equal(await readFile(names.format, "utf8"), '{"version": 99}');
    await writeFile(names.format, "rubbish");
    await assert.rejects(open(), (error: StartRefused) => error.problem.code === "AITHER_E_HOME_UNUSABLE");
    await chmod(names.format, 0o600);
  });
});
