/** T5: the disk is full to the last block while jobs run, on real file systems. Codes are kept, nothing accepted is lost. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";
import { Prng } from "../simulation/prng.ts";
import { violationsOf } from "./checkers/index.ts";
import { playbookOf, workload, type JobSpec } from "./lib/workload.ts";
import { collect } from "./lib/collect.ts";
import { Diary } from "./lib/diary.ts";
import type { ScriptSpec } from "./lib/script.ts";
import { seedFor } from "./lib/seed.ts";

const kinds = [
  { name: "ext4", make: ["mkfs.ext4", "-q", "-F"], megabytes: 48 },
  { name: "xfs", make: ["mkfs.xfs", "-q", "-f"], megabytes: 320 },
  { name: "btrfs", make: ["mkfs.btrfs", "-q", "-f"], megabytes: 128 },
  // Its last page takes a part of a write: the short write that others seldom make.
  { name: "tmpfs", make: null, megabytes: 16 },
] as const;

type Mounted = { readonly folder: string; readonly unmount: () => void };

/** A file system of its own in a file, or why there is none. */
function mounted(kind: (typeof kinds)[number]): Mounted | string {
  const root = mkdtempSync(join(tmpdir(), "ad-"));
  const image = join(root, "image");
  const folder = join(root, "disk");
  mkdirSync(folder);
  const steps =
    kind.make === null
      ? [["mount", "-t", "tmpfs", "-o", `size=${kind.megabytes}m`, "tmpfs", folder]]
      : [
          ["truncate", "-s", `${kind.megabytes}M`, image],
          [...kind.make, image],
          ["mount", "-o", "loop", image, folder],
        ];
  for (const [command = "", ...argv] of steps) {
    const { status, error, stderr } = spawnSync(command, argv, { encoding: "utf8" });
    if (status === 0) continue;
    rmSync(root, { recursive: true, force: true });
    return `${command}: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
  }
  const unmount = (): void => {
    spawnSync("umount", ["-l", folder]);
    rmSync(root, { recursive: true, force: true });
  };
  return { folder, unmount };
}

/** Takes every block there is; gives back what frees them. */
function fill(folder: string): () => void {
  const path = join(folder, "ballast");
  const fd = openSync(path, "a", 0o600);
  for (let size = 1 << 20; size >= 1; size >>= 2) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size));
    } catch {
      // Full for this size: the next smaller one goes into what is left.
    }
  }
  closeSync(fd);
  return () => rmSync(path, { force: true });
}

/** Sends it until it is accepted: a full disk refuses, which is no lie. */
async function submitWhenPossible(daemon: Daemon, diary: Diary, spec: JobSpec, ledger: string): Promise<void> {
  const { folder, env } = daemon.workspace;
  const body = { text: JSON.stringify(playbookOf(spec)), workspace: folder, env: { ...env, LEDGER: ledger } };
  await waitFor(
    `${spec.key} to be accepted`,
    async () => {
      const headers = { "idempotency-key": spec.key };
      const answer = await daemon.ask("POST", "/api/orchestrate", body, headers).catch(() => null);
      if (answer?.status !== 202 && answer?.status !== 200) return false;
      diary.accepted(spec.key, (answer.body as { jobId: string }).jobId);
      return true;
    },
    90_000,
  );
}

/** A daemon whose disk fails ends with 74; somebody starts it again, as a service manager would. */
async function keepAlive(daemon: Daemon, until: () => boolean, ends: number[]): Promise<void> {
  while (!until()) {
    await delay(50);
    const code = daemon.endedWith;
    if (code === null) continue;
    ends.push(code);
    await delay(200);
    await daemon.spawn();
  }
}

for (const kind of kinds) {
  test(`a full disk: ${kind.name}`, async (t) => {
    const disk = mounted(kind);
    if (typeof disk === "string") {
      t.skip(`skipped: ${disk}`);
      return;
    }
    const prng = new Prng(seedFor("t5"));
    try {
      await using workspace = await Workspace.create();
      // The state is on the small disk, the ledger and all else is not.
      rmSync(workspace.places.state, { recursive: true, force: true });
      mkdirSync(join(disk.folder, "state"), { mode: 0o700 });
      symlinkSync(join(disk.folder, "state"), workspace.places.state);
      const ledger = workspace.path("ledger");
      writeFileSync(ledger, "");
      const shape = { jobs: 10, stages: 2, scriptsMax: 2, sleepMsMax: 800, cancelled: 0, idempotent: 0 };
      // They print nothing: a script that may not write has every right to fail.
      const quiet = (scripts: readonly ScriptSpec[]): ScriptSpec[] => scripts.map((one) => ({ ...one, lines: 0 }));
      const specs = workload(prng.fork(), shape).map((spec) => ({
        ...spec,
        stages: spec.stages.map((stage) => ({ ...stage, scripts: quiet(stage.scripts) })),
      }));
      await using daemon = await Daemon.start({ workspace });
      const diary = new Diary(specs);
      const ends: number[] = [];
      let done = false;
      const kept = keepAlive(daemon, () => done, ends);
      const sent = Promise.all(specs.map(async (spec) => submitWhenPossible(daemon, diary, spec, ledger)));
      for (let time = 0; time < 3; time += 1) {
        await delay(prng.int(100, 600));
        const free = fill(disk.folder);
        await delay(prng.int(300, 1_500));
        free();
      }
      await sent;
      for (const jobId of diary.jobIds) {
        const over = async (): Promise<boolean> => {
          const job = await daemon.job(jobId).catch(() => null);
          return job !== null && job.endedAt !== null;
        };
        await waitFor(`the end of ${jobId}`, over, 90_000);
      }
      done = true;
      await kept;
      t.diagnostic(`the daemon ended ${ends.length} times: ${ends.join(" ")}`);
      // 3: while there is no room it does not even start, and says so.
      assert.deepEqual(
        ends.filter((code) => code !== 74 && code !== 3),
        [],
      );
      const nothing = { changedByRecovery: [], changedByListing: [] };
      assert.deepEqual(violationsOf(collect(workspace.places.state, ledger, diary, nothing)), []);
      assert.ok(!existsSync(join(disk.folder, "ballast")));
    } finally {
      disk.unmount();
    }
  });
}
