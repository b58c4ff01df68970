import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { CacheEntryView, Explanation, JobDetail, Reply } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { Daemon, type DaemonOptions } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import type { Workspace } from "../rig/workspace.ts";

/** The cache never gives a wrong result: not after a crash, not from a damaged disk, not while it is pruned. */

const COUNT = 6;
/** Each file differs, so each is a blob. */
const made = {
  metadata: { name: "made" },
  orchestration: {
    jobs: {
      build: {
        steps: [
          {
            id: "make",
            shell: "sh",
            cache: {
              inputs: ["src/**"],
              outputs: ["out/**"],
            },
            script: `printf x >> "$HOME/ledger"; mkdir -p out; for i in 1 2 3 4 5 6; do echo "$(cat src/a.txt) $i" > out/$i.txt; done; echo made`,
          },
        ],
      },
    },
  },
};
const cached = { useCache: true };

const cacheFolder = (workspace: Workspace): string => join(workspace.places.state, "cache");
const ran = async (workspace: Workspace): Promise<number> => (await workspace.text("ledger").catch(() => "")).length;
const list = async (daemon: Daemon): Promise<Reply<"listCache">> =>
  (await daemon.ask("GET", "/api/cache")).body as Reply<"listCache">;

async function prepared(options: DaemonOptions = {}): Promise<Daemon> {
  const daemon = await Daemon.start(options);
  await daemon.workspace.write("src/a.txt", "one");
  return daemon;
}

async function run(daemon: Daemon): Promise<JobDetail> {
  const job = await daemon.ended(await daemon.startJob(made, cached));
  assert.equal(job.status, "Completed");
  return job;
}

const lookOf = (job: JobDetail): string | undefined => job.stages[0]?.legs[0]?.scripts[0]?.cache?.is;

/** All files are as the script makes them. */
async function assertMade({ folder }: Workspace, text = "one"): Promise<void> {
  for (let at = 1; at <= COUNT; at += 1)
    assert.equal(await readFile(join(folder, `out/${at}.txt`), "utf8"), `${text} ${at}\n`);
}

/** Every entry's blobs are there, and are what their names say; nothing else is. */
async function assertSound(workspace: Workspace): Promise<void> {
  const root = cacheFolder(workspace);
  const wanted = new Set<string>();
  for (const key of await readdir(join(root, "entries"))) {
    const [digest, body = ""] = (await readFile(join(root, "entries", key), "utf8")).split("\n");
    assert.equal(createHash("sha256").update(body).digest("hex"), digest);
    const { written, files } = JSON.parse(body) as { written: { digest: string }[]; files: { digest: string }[] };
    for (const blob of [...written, ...files]) wanted.add(blob.digest);
  }
  const found = new Set<string>();
  for (const folder of await readdir(join(root, "blobs"))) {
    for (const name of await readdir(join(root, "blobs", folder))) {
      found.add(name);
      const content = await readFile(join(root, "blobs", folder, name));
      assert.equal(createHash("sha256").update(content).digest("hex"), name);
    }
  }
  assert.deepEqual([...found].sort(), [...wanted].sort());
}

const killAt = (file: string, find: string): DaemonOptions => ({
  patches: [
    { file, find, replace: `process.kill(process.pid, "SIGKILL"); await new Promise(() => undefined); ${find}` },
  ],
});

/** A daemon dies there; the next one, of the real source, goes on. */
async function dies(options: DaemonOptions, before: (first: Daemon) => Promise<void> = async () => undefined) {
  const workspace = await (async () => {
    const first = await prepared();
    await before(first);
    await first.stop();
    return first;
  })();
  const dying = await Daemon.start({ ...options, workspace: workspace.workspace });
  const jobId = await dying.startJob(made, cached);
  assert.equal(await dying.exitCode(), null, "it was killed");
  const next = await Daemon.start({ workspace: workspace.workspace });
  return { first: workspace, next, jobId };
}

describe("the cache is safe", () => {
  const stores: Record<string, DaemonOptions> = {
    "between the copies": killAt("daemon/src/cache/store-result.ts", "const { mode } = await stat(join(root, path));"),
    "within a copy": killAt("daemon/src/cache/blobs.ts", "await rename(temporary, target);"),
    "before the entry": killAt(
      "daemon/src/cache/entries.ts",
      "await this.#fs.writeAtomic(join(this.#folder, entry.key), bytes);",
    ),
  };
  for (const [when, options] of Object.entries(stores)) {
    test(`a daemon that is killed while it stores a result, ${when}, costs the entry at most`, async () => {
      const { first, next, jobId } = await dies(options);
      assert.equal((await next.ended(jobId)).status, "Completed");
      const again = await run(next);
      await assertMade(next.workspace);
      // What was stored is used; what was not is run again, once.
      assert.equal(await ran(next.workspace), lookOf(again) === "hit" ? 1 : 2);
      assert.equal(lookOf(await run(next)), "hit");
      await list(next);
      await next.stop();
      await next.launch();
      await list(next);
      await assertSound(next.workspace);
      await next[Symbol.asyncDispose]();
      await first[Symbol.asyncDispose]();
    });
  }

  const restores: Record<string, DaemonOptions> = {
    "between the files": killAt("daemon/src/cache/restore.ts", "await rename(temporary, target);"),
    "before its log": killAt(
      "daemon/src/cache/restore.ts",
      "await blobs.copyTo(blob, writtenPath(files, blob.ending), 0o600);",
    ),
  };
  for (const [when, options] of Object.entries(restores)) {
    test(`a daemon that is killed while it restores a result, ${when}: the next one restores it whole`, async () => {
      const { first, next, jobId } = await dies(options, async (daemon) => {
        await run(daemon);
        await rm(join(daemon.workspace.folder, "out"), { recursive: true });
      });
      const job = await next.ended(jobId);
      assert.equal(job.status, "Completed");
      assert.equal(lookOf(job), "hit");
      assert.equal(await ran(next.workspace), 1, "nothing was run twice");
      await assertMade(next.workspace);
      assert.match((await next.ask("GET", `/api/jobs/${jobId}/logs`)).text, /^made\n$/);
      assert.deepEqual((await readdir(join(next.workspace.folder, "out"))).sort(), [
        "1.txt",
        "2.txt",
        "3.txt",
        "4.txt",
        "5.txt",
        "6.txt",
      ]);
      await assertSound(next.workspace);
      await next[Symbol.asyncDispose]();
      await first[Symbol.asyncDispose]();
    });
  }

  const damages: Record<string, (path: string) => Promise<void>> = {
    "is a bit off": async (path) => writeFile(path, (await readFile(path, "utf8")).replace(/.$/s, "?")),
    "was cut off": async (path) => truncate(path, 1),
    "is gone": async (path) => rm(path),
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`a blob that ${what} is found, removed, and the script runs`, async () => {
      await using daemon = await prepared();
      await run(daemon);
      const digest = createHash("sha256").update("one 3\n").digest("hex");
      await damage(join(cacheFolder(daemon.workspace), "blobs", digest.slice(0, 2), digest));
      await rm(join(daemon.workspace.folder, "out"), { recursive: true });
      const again = await run(daemon);
      assert.equal(lookOf(again), "miss");
      const answer = await daemon.ask("GET", `/api/jobs/${again.jobId}/explain?subject=build/make`);
      assert.match((answer.body as Explanation).because.join("\n"), /what was stored was damaged, and is removed/);
      await assertMade(daemon.workspace);
      assert.equal(await ran(daemon.workspace), 2);
      assert.equal(lookOf(await run(daemon)), "hit");
      await assertSound(daemon.workspace);
    });
  }

  test("an entry that is damaged is none, after a restart, too", async () => {
    await using daemon = await prepared();
    await run(daemon);
    const folder = join(cacheFolder(daemon.workspace), "entries");
    const [key = ""] = await readdir(folder);
    await writeFile(join(folder, key), `${await readFile(join(folder, key), "utf8")} `);
    await daemon.restart();
    assert.deepEqual((await list(daemon)).entries, []);
    assert.equal(lookOf(await run(daemon)), "miss");
    assert.equal(lookOf(await run(daemon)), "hit");
  });

  test("it stays within its bytes: the least recently used go, and what one alone is too much is not kept", async () => {
    const config = { XDG_CONFIG_HOME: "" };
    await using cli = await Cli.create();
    config.XDG_CONFIG_HOME = join(cli.workspace.root, "config");
    await cli.workspace.write("../config/aither/config.json", JSON.stringify({ cacheBytesMax: 300_000 }));
    const step = (name: string, bytes: number) => ({
      name,
      shell: "sh",
      cache: {
        inputs: [],
        outputs: [`${name}.bin`],
      },
      script: `head -c ${bytes} /dev/urandom > ${name}.bin`,
    });
    await cli.playbook("full", {
      s: { steps: [step("a", 100_000), step("b", 100_000), step("c", 100_000), step("huge", 400_000)] },
    });
    assert.equal((await cli.run(["orch", "full", "--use-cache", "-q"], { env: config })).code, 0);
    const kept = await waitFor("room in the cache", async () => {
      const reply = await cli.json<Reply<"listCache">>("cache", "list");
      return reply.bytes <= 300_000 && reply.entries.length === 2 ? reply.entries : null;
    });
    assert.deepEqual(kept.map(({ script }) => script).sort(), ["s/b", "s/c"]);
    const because = async (script: string) =>
      (await cli.json<Explanation>("explain", "latest", script)).because.join("\n");
    assert.match(await because("s/huge"), /its result is not kept: it is 400000 bytes, and the cache may have 300000/);
    assert.equal((await cli.run(["orch", "full", "--use-cache", "-q"])).code, 0);
    assert.match(await because("s/a"), /what job #1 stored was removed .*by the settings/);
  });

  test("cache list and prune: by age, by size, all; a dry run removes nothing", async () => {
    await using cli = await Cli.create();
    const step = (name: string) => ({
      name,
      shell: "sh",
      cache: {
        inputs: [],
        outputs: [`${name}.bin`],
      },
      script: `head -c 100000 /dev/urandom > ${name}.bin; echo ${name}`,
    });
    const scripts = async (): Promise<string[]> =>
      (await cli.json<{ entries: CacheEntryView[] }>("cache", "list")).entries.map(({ script }) => script);
    assert.match((await cli.run(["cache"])).stderr, /the cache is empty/);
    await cli.playbook("three", { s: { steps: [step("a"), step("b"), step("c")] } });
    await cli.run(["orch", "three", "--use-cache", "-q"]);
    await waitFor("three entries", async () => (await scripts()).length === 3);
    assert.deepEqual(await scripts(), ["s/c", "s/b", "s/a"], "the last used first");
    // A use makes it the newest.
    await cli.playbook("three", { s: { steps: [step("a")] } });
    await cli.run(["orch", "three", "--use-cache", "-q"]);
    assert.deepEqual(await scripts(), ["s/a", "s/c", "s/b"]);
    const shown = await cli.run(["cache", "list"]);
    assert.match(
      shown.stdout,
      /ENTRY +JOB +SCRIPT +SIZE +FILES +LAST USED\n[0-9a-f]{12} +#1 three +s\/a +100\.0 kB +1 /,
    );
    assert.match(shown.stderr, /3 results, 30\d\.\d kB of 2\.1 GB/);
    const dry = await cli.run(["cache", "prune", "--keep-bytes", "250kB", "--dry-run"]);
    assert.match(dry.stdout, /s\/b/);
    assert.doesNotMatch(dry.stdout, /s\/a|s\/c/);
    assert.match(dry.stderr, /1 result would be removed/);
    assert.equal((await scripts()).length, 3);
    const pruned = await cli.json<Reply<"pruneCache">>("cache", "prune", "--keep-bytes", "250kB");
    assert.deepEqual([pruned.dryRun, pruned.removed.map(({ script }) => script)], [false, ["s/b"]]);
    assert.ok(pruned.bytes >= 100_000);
    assert.match((await cli.run(["cache", "prune", "--older-than", "1h"])).stderr, /0 results removed, 0 B/);
    assert.deepEqual(await scripts(), ["s/a", "s/c"]);
    await cli.run(["cache", "prune", "--older-than", "0"]);
    assert.deepEqual(await scripts(), []);
    await assertSound(cli.workspace);
    await cli.run(["orch", "three", "--use-cache", "-q"]);
    assert.match(
      (await cli.json<Explanation>("explain", "latest", "s/a")).because.join("\n"),
      /was removed .*, as somebody asked/,
    );
    assert.match((await cli.run(["cache", "prune", "--all", "-q"])).stdout, /s\/a/);
    assert.deepEqual(await scripts(), []);
    for (const [argv, said] of [
      [[], /none of --older-than, --keep-bytes and --all was given/],
      [["--keep-bytes", "lots"], /--keep-bytes wants a size as 500MB or 2GiB, not "lots"/],
      [["--older-than", "soon"], /--older-than wants a time/],
    ] as const) {
      const { code, stderr } = await cli.run(["cache", "prune", ...argv]);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });

  test("a prune while a result is being restored waits, and the result is whole", async () => {
    const gate = "/restoring-may-go-on";
    const patches = [
      {
        file: "daemon/src/cache/restore.ts",
        find: "for (const file of entry.files) await restoreFile(file, { root, blobs });",
        replace: `for (const [at, file] of entry.files.entries()) {
          await restoreFile(file, { root, blobs });
          if (at === 0) while (!(await lstat(process.env.HOME + "${gate}").then(() => true, () => false))) await new Promise((go) => setTimeout(go, 5));
        }`,
      },
    ];
    await using daemon = await prepared({ patches });
    const { workspace } = daemon;
    await run(daemon);
    await rm(join(workspace.folder, "out"), { recursive: true });
    const jobId = await daemon.startJob(made, cached);
    await waitFor("the first file", () => existsSync(join(workspace.folder, "out/1.txt")));
    const pruning = daemon.ask("POST", "/api/cache/prune", { all: true });
    await waitFor("the entry to go", async () => (await list(daemon)).entries.length === 0);
    await writeFile(workspace.path(gate), "");
    const job = await daemon.ended(jobId);
    assert.equal(((await pruning).body as Reply<"pruneCache">).removed.length, 1);
    assert.equal(lookOf(job), "hit");
    assert.equal(await ran(workspace), 1);
    await assertMade(workspace);
    await waitFor(
      "nothing that is left",
      async () =>
        await assertSound(workspace).then(
          () => true,
          () => false,
        ),
    );
    assert.equal(lookOf(await run(daemon)), "miss");
  });
});
