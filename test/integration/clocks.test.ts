/** The wall clock of the real daemon is set while it works: a library in front of its system calls moves it, and no other. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Daemon } from "../rig/daemon.ts";
import { gated, playbook, scriptPid, types } from "../rig/gated.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

const HOUR_MS = 3_600_000;
/** A clock that was set is noticed within half a minute; the rest is for a busy machine. */
const NOTICED_MS = 90_000;

function faketime(): string | undefined {
  const folders = [
    "/usr/lib",
    ...(existsSync("/usr/lib") ? readdirSync("/usr/lib").map((name) => `/usr/lib/${name}`) : []),
  ];
  return folders.map((folder) => join(folder, "faketime", "libfaketime.so.1")).find((path) => existsSync(path));
}

const library = faketime();
const skip = library === undefined ? "skipped: no libfaketime, which moves the clock of one process" : false;

type Clocks = {
  readonly daemon: Daemon;
  /** Sets the daemon's wall clock so far from the true time. */
  readonly set: (byMs: number) => Promise<void>;
  readonly path: (name: string) => string;
};

async function withClock(run: (clocks: Clocks) => Promise<void>): Promise<void> {
  await using workspace = await Workspace.create();
  const file = workspace.path("offset");
  const set = async (byMs: number): Promise<void> => {
    await writeFile(`${file}-new`, `${byMs < 0 ? "-" : "+"}${Math.abs(byMs) / 1_000}\n`);
    await rename(`${file}-new`, file);
  };
  await set(0);
  const env = {
    LD_PRELOAD: library ?? "",
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    FAKETIME_NO_CACHE: "1",
  };
  await using daemon = await Daemon.start({ workspace, env });
  await run({ daemon, set, path: (name) => workspace.path(name) });
}

const fails = (gate: string): string => `[ -e '${gate}' ] && exit 0; exit 3`;
const timeOf = async (daemon: Daemon, jobId: string): Promise<number> =>
  Date.parse((await daemon.events(jobId)).at(-1)?.time ?? "");

test(
  "two hours forward: no time limit fires, a retry and a start that wait for the wall clock come",
  { skip },
  async () => {
    await withClock(async ({ daemon, set, path }) => {
      const limited = await daemon.startJob(playbook({ script: gated(path("gate")), timeout: 3_600 }));
      const pid = await scriptPid(daemon, limited, "stage1");
      await daemon.event(limited, "ScriptStarted");
      const step = { script: fails(path("again")), retries: 1, backoff: { initial: 3_600, max: 3_600 } };
      const waiting = await daemon.startJob(playbook(step));
      await daemon.event(waiting, "ScriptRetried");
      await writeFile(path("again"), "");
      const later = await daemon.startJob(playbook("echo later"), { at: new Date(Date.now() + HOUR_MS).toISOString() });
      await set(2 * HOUR_MS);
      await waitFor("the retry", async () => (await daemon.job(waiting)).status === "Completed", NOTICED_MS);
      await waitFor("the start", async () => (await daemon.job(later)).status === "Completed", NOTICED_MS);
      assert.ok((await timeOf(daemon, later)) > Date.now() + HOUR_MS, "its facts carry the clock as it is set");
      // All timers were looked at by now.
      assert.ok(isAlive(pid));
      assert.ok(!types(await daemon.events(limited)).includes("ScriptTerminating"));
      // Nor does a daemon that starts under the new clock count the two hours.
      await daemon.restart();
      await daemon.event(limited, "ScriptAdopted");
      await writeFile(path("gate"), "");
      assert.equal((await daemon.ended(limited)).status, "Completed");
    });
  },
);

test(
  "two hours back: a time limit fires when it is over, and what waits for the wall clock waits for it",
  { skip },
  async () => {
    await withClock(async ({ daemon, set, path }) => {
      const step = { script: fails(path("again")), retries: 1, backoff: { initial: 10, max: 10 } };
      const waiting = await daemon.startJob(playbook(step));
      await daemon.event(waiting, "ScriptRetried");
      await writeFile(path("again"), "");
      const later = await daemon.startJob(playbook("echo later"), { at: new Date(Date.now() + 10_000).toISOString() });
      await set(-2 * HOUR_MS);
      const beganMs = performance.now();
      const limited = await daemon.startJob(playbook({ script: gated(path("never")), timeout: 5 }));
      const pid = await scriptPid(daemon, limited, "stage1");
      await daemon.event(limited, "ScriptStarted");
      assert.equal((await daemon.ended(limited)).status, "Failed");
      const tookMs = performance.now() - beganMs;
      assert.ok(tookMs >= 4_500 && tookMs < 60_000, `${tookMs} ms`);
      assert.deepEqual((await daemon.event(limited, "ScriptFailed")).failure, { kind: "timeout", afterMs: 5_000 });
      assert.ok(!isAlive(pid));
      // Their ten seconds are long over by any clock but the one they go by.
      await delay(Math.max(0, 20_000 - tookMs));
      assert.equal((await daemon.job(waiting)).status, "Running");
      assert.equal((await daemon.job(later)).status, "Queued");
      await set(0);
      await waitFor("the retry", async () => (await daemon.job(waiting)).status === "Completed", NOTICED_MS);
      await waitFor("the start", async () => (await daemon.job(later)).status === "Completed", NOTICED_MS);
    });
  },
);
