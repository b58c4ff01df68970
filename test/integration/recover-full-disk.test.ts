import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "@aither/protocol";
import { daemonBundle } from "../rig/bundle.ts";
import { Daemon } from "../rig/daemon.ts";
import { assertWhole, gated, playbook, scriptPid } from "../rig/gated.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

/** A home on a disk of its own that holds this much; false when this machine lets us make none. */
async function onSmallDisk(bytes: number, run: (workspace: Workspace) => Promise<void>): Promise<boolean> {
  await using workspace = await Workspace.create();
  const { home, state } = workspace.places;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "tmpfs", home], { stdio: "ignore" });
  } catch {
    return false;
  }
  try {
    await mkdir(state, { mode: 0o700 });
    await run(workspace);
  } finally {
    execFileSync("umount", [home]);
  }
  return true;
}

/** Writes until nothing more goes in, not even a byte. */
function fill(path: string): void {
  for (const bytes of [65_536, 4_096, 1]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(bytes));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
    }
  }
}

test("a disk that is full at the start is named, and nothing was started", async (t) => {
  const could = await onSmallDisk(64 * 1024, async (workspace) => {
    fill(join(workspace.places.home, "ballast"));
    const child = spawn(process.execPath, [await daemonBundle()], {
      env: workspace.env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const [code] = (await once(child, "close")) as [number | null];
    assert.equal(code, 74, stderr);
    const line = stderr.split("\n").find((text) => text.includes('"code"')) ?? "null";
    assert.equal((JSON.parse(line) as Problem | null)?.code, "AITHER_E_DISK_FAILED", stderr);
  });
  if (!could) t.skip("skipped: no disk can be mounted here");
});

test("a disk that cannot sync at the start is named, too, and is no bug of ours", async (t) => {
  const probe = spawnSync("strace", ["-qq", "-o", "/dev/null", "-e", "inject=sync:error=EIO", "true"]);
  if (probe.status !== 0) return t.skip("skipped: strace cannot be used here");
  await using workspace = await Workspace.create();
  const inject = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1"];
  const ended = spawnSync("strace", [...inject, process.execPath, await daemonBundle()], {
    env: workspace.env,
    encoding: "utf8",
  });
  assert.equal(ended.status, 74, ended.stderr);
  const told = JSON.parse(await workspace.text("h", "start-problem.json")) as Problem;
  assert.equal(told.code, "AITHER_E_DISK_FAILED");
  assert.match(told.detail, /could not put .* on disk/);
});

test("a disk that fills while a script runs: exit 74, the script is not disturbed, and the job goes on later", async (t) => {
  const could = await onSmallDisk(4 * 1024 * 1024, async (workspace) => {
    const ballast = join(workspace.places.home, "ballast");
    const ledger = workspace.path("ledger");
    const daemon = await Daemon.start({ workspace });
    try {
      const gate = workspace.path("gate");
      const after = [...Array(40)].map((_, at) => `echo ${at} >> '${ledger}'`);
      const jobId = await daemon.startJob(playbook(gated(gate), ...after));
      const pid = await scriptPid(daemon, jobId, "stage1");
      await daemon.event(jobId, "ScriptStarted");
      fill(ballast);
      await writeFile(gate, "");
      assert.equal(await daemon.exitCode(), 74);
      await waitFor("the end of the script", () => !isAlive(pid));
      await rm(ballast);
      await daemon.launch();
      assert.equal((await daemon.ended(jobId)).status, "Completed");
      assertWhole(await daemon.events(jobId));
      const said = (await readFile(ledger, "utf8")).trim().split("\n");
      assert.deepEqual(
        said,
        [...Array(40)].map((_, at) => String(at)),
      );
    } catch (error) {
      console.error(daemon.story());
      throw error;
    } finally {
      await rm(ballast, { force: true });
      await daemon[Symbol.asyncDispose]();
    }
  });
  if (!could) t.skip("skipped: no disk can be mounted here");
});

test("a job that is started on a full disk is refused, and the ones before it are not lost", async (t) => {
  const could = await onSmallDisk(4 * 1024 * 1024, async (workspace) => {
    const ballast = join(workspace.places.home, "ballast");
    const daemon = await Daemon.start({ workspace });
    try {
      const done = await daemon.startJob(playbook("echo done"));
      await daemon.ended(done);
      fill(ballast);
      const body = { text: JSON.stringify(playbook("true")), workspace: workspace.folder, env: workspace.env };
      const answer = await daemon.ask("POST", "/api/orchestrate", body);
      assert.equal(answer.status, 507, answer.text);
      assert.equal((answer.body as Problem).code, "AITHER_E_DISK_FAILED");
      await rm(ballast);
      await waitFor("an answer", async () => (await daemon.ask("GET", `/api/jobs/${done}`)).status === 200);
      assert.equal((await daemon.ended(await daemon.startJob(playbook("true")))).status, "Completed");
    } finally {
      await rm(ballast, { force: true });
      await daemon[Symbol.asyncDispose]();
    }
  });
  if (!could) t.skip("skipped: no disk can be mounted here");
});
