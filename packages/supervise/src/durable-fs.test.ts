import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { ModelDisk, type CrashOptions } from "./durable-fs-model.ts";
import { createDurableFs, leftoverTemporaries, SyncFailed, type DurableFs } from "./durable-fs.ts";
import type { RawFs } from "./raw-fs.ts";

const STATE = "/state.json";
const UPDATES = ["a1", "b2", "c3"];

/** One way to keep three values one after the other, and to read back what is there. */
type Protocol = {
  run(disk: ModelDisk): Promise<void>;
  /** The values that can still be read, oldest first; throws when the file is broken. */
  read(fs: RawFs): Promise<string[]>;
};

const readWhole: Protocol["read"] = async (fs) => {
  const text = (await fs.readFile(STATE).catch(() => Buffer.from("[]"))).toString();
  return JSON.parse(text) as string[];
};

/** Cuts a torn last line, as recovery does; any other broken line is a broken file. */
const readLines: Protocol["read"] = async (fs) => {
  const text = (await fs.readFile(STATE).catch(() => Buffer.alloc(0))).toString();
  const lines = text.split("\n");
  lines.pop();
  return lines.flatMap((line, index) => {
    try {
      return [JSON.parse(line) as string];
    } catch (error) {
      if (index === lines.length - 1) return [];
      throw error;
    }
  });
};

async function eachUpdate(disk: ModelDisk, save: (all: string[]) => Promise<void>): Promise<void> {
  for (const [index, label] of UPDATES.entries()) {
    await save(UPDATES.slice(0, index + 1));
    disk.mark(label);
  }
}

/** Write a temporary file and rename it, with as many syncs as are named. */
function replacing(syncs: { readonly file: boolean; readonly dir: boolean }): Protocol {
  return {
    run: async (disk) =>
      eachUpdate(disk, async (all) => {
        const temporary = `${STATE}.${all.length}`;
        const file = await disk.fs.open(temporary, "create", 0o600);
        await file.write(Buffer.from(JSON.stringify(all)), 0);
        if (syncs.file) await file.sync();
        await file.close();
        await disk.fs.rename(temporary, STATE);
        if (syncs.dir) await disk.fs.syncDir("/");
      }),
    read: readWhole,
  };
}

function appending(syncs: { readonly data: boolean; readonly dir: boolean }): Protocol {
  return {
    run: async (disk) => {
      const fs = createDurableFs(disk.fs);
      const handle = await fs.openAppend(STATE);
      if (syncs.dir) await fs.syncDir(dirname(STATE));
      await eachUpdate(disk, async (all) => {
        await handle.append(Buffer.from(`${JSON.stringify(all.at(-1))}\n`));
        if (syncs.data) await handle.sync();
      });
      await handle.close();
    },
    read: readLines,
  };
}

const ours: Protocol = {
  run: async (disk) => {
    const fs = createDurableFs(disk.fs);
    await eachUpdate(disk, async (all) => fs.writeAtomic(STATE, Buffer.from(JSON.stringify(all))));
  },
  read: readWhole,
};

type Verdict = { states: number; lost: number; unreadable: number };

async function judge(protocol: Protocol, options: CrashOptions): Promise<Verdict> {
  const disk = new ModelDisk();
  await protocol.run(disk);
  const verdict: Verdict = { states: 0, lost: 0, unreadable: 0 };
  for (const state of disk.crashStates(options)) {
    verdict.states += 1;
    try {
      const values = await protocol.read(state.disk.fs);
      if (state.marks.some((label) => !values.includes(label))) verdict.lost += 1;
    } catch {
      verdict.unreadable += 1;
    }
  }
  return verdict;
}

describe("every crash of three acknowledged updates", () => {
  const everyWay: CrashOptions[] = [{}, { names: "unordered" }, { names: "unordered", writes: "reordered" }];

  for (const options of everyWay) {
    const way = JSON.stringify(options);

    it(`rename without a sync loses updates and leaves broken files ${way}`, async () => {
      const verdict = await judge(replacing({ file: false, dir: false }), options);
      assert.ok(verdict.lost > 0 && verdict.unreadable > 0, JSON.stringify(verdict));
    });

    it(`a synced file renamed in an unsynced directory loses updates ${way}`, async () => {
      const verdict = await judge(replacing({ file: true, dir: false }), options);
      assert.ok(verdict.lost > 0 && verdict.unreadable === 0, JSON.stringify(verdict));
    });

    it(`writeAtomic loses nothing ${way}`, async () => {
      const verdict = await judge(ours, options);
      assert.ok(verdict.states > 20, JSON.stringify(verdict));
      assert.deepEqual([verdict.lost, verdict.unreadable], [0, 0], JSON.stringify(verdict));
    });

    it(`appending without a sync loses updates ${way}`, async () => {
      assert.ok((await judge(appending({ data: false, dir: true }), options)).lost > 0);
    });

    it(`appending in a directory that was never synced loses updates ${way}`, async () => {
      assert.ok((await judge(appending({ data: true, dir: false }), options)).lost > 0);
    });

    it(`append, fdatasync and a directory synced once lose nothing ${way}`, async () => {
      const verdict = await judge(appending({ data: true, dir: true }), options);
      assert.ok(verdict.states > 10, JSON.stringify(verdict));
      assert.deepEqual([verdict.lost, verdict.unreadable], [0, 0], JSON.stringify(verdict));
    });
  }

  it("recovery that crashes again still loses nothing", async () => {
    const disk = new ModelDisk();
    await appending({ data: true, dir: true }).run(disk);
    for (const first of disk.crashStates()) {
      const fs = createDurableFs(first.disk.fs);
      const text = (await fs.readFile(STATE).catch(() => Buffer.alloc(0))).toString("latin1");
      const whole = text.lastIndexOf("\n") + 1;
      if (whole < text.length) await fs.truncate(STATE, whole);
      for (const second of first.disk.crashStates()) {
        const values = await readLines(second.disk.fs);
        for (const label of first.marks) assert.ok(values.includes(label), first.after);
      }
    }
  });
});

const root = mkdtempSync(join(tmpdir(), "aither-durable-"));
after(() => rmSync(root, { recursive: true, force: true }));

for (const [name, fresh] of [
  ["on the real disk", () => ({ fs: createDurableFs(), dir: mkdtempSync(join(root, "d-")) })],
  ["on the model", () => ({ fs: createDurableFs(new ModelDisk().fs), dir: "/" })],
] as const) {
  describe(`the durable operations ${name}`, () => {
    it("do what their names say", async () => {
      const { fs, dir } = fresh();
      const at = (path: string): string => join(dir, path);
      assert.equal(await fs.makeDir(at("sub")), true);
      assert.equal(await fs.makeDir(at("sub")), false);
      await fs.createExclusive(at("sub/one"), Buffer.from("one"));
      await assert.rejects(fs.createExclusive(at("sub/one"), Buffer.from("two")), { code: "EEXIST" });
      await fs.writeAtomic(at("sub/one"), Buffer.from("three"));
      assert.equal(String(await fs.readFile(at("sub/one"))), "three");
      await fs.truncate(at("sub/one"), 2);
      await fs.syncFile(at("sub/one"));
      assert.equal(String(await fs.readFile(at("sub/one"))), "th");
      await fs.symlink("sub", at("link"));
      assert.equal(await fs.readLink(at("link")), "sub");
      assert.equal(String(await fs.readFile(at("link/one"))), "th");
      await fs.rename(at("sub/one"), at("sub/two"));
      assert.deepEqual(await fs.readDir(at("sub")), ["two"]);
      assert.equal(await fs.unlink(at("sub/two")), true);
      assert.equal(await fs.unlink(at("sub/two")), false);
      await fs.syncDir(at("sub"));
      assert.equal(await fs.removeDir(at("sub")), true);
      assert.equal(await fs.removeDir(at("sub")), false);
      await assert.rejects(fs.readFile(at("sub/two")), { code: "ENOENT" });
      await assert.rejects(fs.truncate(at("nothing"), 0), { code: "ENOENT" });
    });

    it("append where the file ends, in one life and the next", async () => {
      const { fs, dir } = fresh();
      const path = join(dir, "log");
      for (const word of ["one", "two"]) {
        const handle = await fs.openAppend(path);
        await handle.append(Buffer.from(`${word} `));
        await handle.append(Buffer.from(`${word}\n`));
        await handle.sync();
        assert.equal(handle.size, (await fs.readFile(path)).length);
        await handle.close();
      }
      assert.equal(String(await fs.readFile(path)), "one one\ntwo two\n");
    });

    it("replace one file from many sides at once", async () => {
      const { fs, dir } = fresh();
      const path = join(dir, "busy");
      const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(1000));
      await Promise.all(texts.map((text) => fs.writeAtomic(path, Buffer.from(text))));
      assert.ok(texts.includes(String(await fs.readFile(path))));
      assert.deepEqual(await fs.readDir(dir), ["busy"]);
    });
  });
}

describe("trouble with the disk", () => {
  const withDisk = (): { disk: ModelDisk; fs: DurableFs } => {
    const disk = new ModelDisk();
    return { disk, fs: createDurableFs(disk.fs) };
  };

  it("a short write is continued, not believed", async () => {
    const { disk, fs } = withDisk();
    disk.writeBytesMax = 3;
    await fs.writeAtomic(STATE, Buffer.from("0123456789"));
    assert.equal(String(await fs.readFile(STATE)), "0123456789");
  });

  it("a full disk leaves the old content, no temporary file, and an error", async () => {
    const { disk, fs } = withDisk();
    await fs.writeAtomic(STATE, Buffer.from("old"));
    let writes = 0;
    disk.writeBytesMax = 4;
    disk.fault = (operation) => (operation === "write" && ++writes > 1 ? "ENOSPC" : undefined);
    await assert.rejects(fs.writeAtomic(STATE, Buffer.from("new content")), { code: "ENOSPC" });
    assert.equal(String(await fs.readFile(STATE)), "old");
    assert.deepEqual(await fs.readDir("/"), ["state.json"]);
  });

  it("a new file that could not be written whole is not left to be found", async () => {
    const { disk, fs } = withDisk();
    disk.writeBytesMax = 4;
    for (const failing of ["write", "sync"]) {
      let calls = 0;
      disk.fault = (operation) => (operation === failing && ++calls === 1 ? "EIO" : undefined);
      await assert.rejects(fs.createExclusive(STATE, Buffer.from("new content")));
      assert.deepEqual(await fs.readDir("/"), []);
    }
    await fs.createExclusive(STATE, Buffer.from("new content"));
    assert.equal(String(await fs.readFile(STATE)), "new content");
  });

  it("half an appended record is taken back, and the next one follows cleanly", async () => {
    const { disk, fs } = withDisk();
    const handle = await fs.openAppend(STATE);
    await handle.append(Buffer.from("first\n"));
    let writes = 0;
    disk.writeBytesMax = 3;
    disk.fault = (operation) => (operation === "write" && ++writes === 2 ? "ENOSPC" : undefined);
    await assert.rejects(handle.append(Buffer.from("second\n")), { code: "ENOSPC" });
    assert.equal(String(await fs.readFile(STATE)), "first\n");
    await handle.append(Buffer.from("third\n"));
    await handle.sync();
    assert.equal(String(await fs.readFile(STATE)), "first\nthird\n");
  });

  it("after a failed sync a handle promises nothing any more", async () => {
    const { disk, fs } = withDisk();
    const handle = await fs.openAppend(STATE);
    await fs.syncDir("/");
    await handle.append(Buffer.from("x\n"));
    disk.fault = (operation) => (operation === "datasync" ? "EIO" : undefined);
    await assert.rejects(handle.sync(), SyncFailed);
    disk.fault = () => undefined;
    await assert.rejects(handle.sync(), SyncFailed);
    await assert.rejects(handle.append(Buffer.from("y\n")), SyncFailed);
    // The model shows why: a sync that says yes afterwards puts nothing on disk.
    await fs.syncFile(STATE);
    let lost = 0;
    for (const state of disk.crashStates()) {
      const text = await state.disk.fs.readFile(STATE).catch(() => undefined);
      if (state.after === `datasync ${STATE}` && text?.length === 0) lost += 1;
    }
    assert.ok(lost > 0);
  });

  it("temporary files of a crash are recognised, and nothing else is", async () => {
    const { disk } = withDisk();
    await ours.run(disk);
    let found = 0;
    for (const state of disk.crashStates({ names: "unordered" })) {
      const left = await leftoverTemporaries(createDurableFs(state.disk.fs), "/");
      const names = await state.disk.fs.readDir("/");
      assert.deepEqual(
        left,
        names.filter((one) => one !== "state.json").map((one) => `/${one}`),
      );
      found += left.length;
    }
    assert.ok(found > 0);
  });

  it("what this process is writing just now is no left-over", async () => {
    const { disk } = withDisk();
    const looks: string[][] = [];
    const raw: RawFs = {
      ...disk.fs,
      rename: async (from, to) => {
        looks.push(await disk.fs.readDir("/"), await leftoverTemporaries(fs, "/"));
        return disk.fs.rename(from, to);
      },
    };
    const fs = createDurableFs(raw);
    await fs.writeAtomic(STATE, Buffer.from("x"));
    assert.match(looks[0]?.join() ?? "", /^state\.json\.[\w-]+\.tmp$/);
    assert.deepEqual(looks[1], []);
  });

  it("everything made is private from its first moment, whatever the umask", async () => {
    const old = process.umask(0);
    try {
      const fs = createDurableFs();
      const dir = join(root, "private");
      await fs.makeDir(dir);
      await (await fs.openAppend(join(dir, "a"))).close();
      await fs.createExclusive(join(dir, "b"), Buffer.from("b"));
      await fs.writeAtomic(join(dir, "c"), Buffer.from("c"));
      assert.equal(statSync(dir).mode & 0o777, 0o700);
      for (const name of ["a", "b", "c"]) assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600);
    } finally {
      process.umask(old);
    }
  });
});
