/** What lies in the way of a start: only the kernel's lock decides, whatever files say of pids and locks. */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "@aither/protocol";
import { daemonBundle } from "../rig/bundle.ts";
import { Daemon } from "../rig/daemon.ts";
import { isAlive } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

/** Root reads and writes everything; without its capabilities it is a user like any other. */
const asUser =
  process.getuid?.() !== 0
    ? []
    : spawnSync("setpriv", ["--bounding-set=-all", "--inh-caps=-all", "true"]).status === 0
      ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
      : null;

/** Starts `aitherd` by hand and waits for its end. */
async function startAndEnd(workspace: Workspace): Promise<{ code: number | null; problem: Problem | null }> {
  const child = spawn("/usr/bin/env", [...(asUser ?? []), process.execPath, await daemonBundle()], {
    env: workspace.env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  const line = stderr.split("\n").find((text) => text.startsWith("{"));
  return { code, problem: line === undefined ? null : (JSON.parse(line) as Problem) };
}

/** Ends by itself when its stdin does. */
function stranger(text: string, ...argv: string[]): ChildProcess {
  return spawn("/bin/sh", ["-c", text, ...argv], { stdio: ["pipe", "pipe", "inherit"] });
}

test("files that name a process, living, dead or none, or cannot be read, decide nothing and stay as they are", async () => {
  await using workspace = await Workspace.create();
  const { home, state, lock, socketFolder, socket } = workspace.places;
  await mkdir(socketFolder, { recursive: true, mode: 0o700 });
  const living = stranger("read line");
  const dead = spawnSync("true").pid;
  const files = [
    ...["aitherd.pid", "daemon.pid", "pid", "lock"].map((name) => join(home, name)),
    ...["aitherd.pid", "lock.pid", "daemon.lock"].map((name) => join(state, name)),
    socket.replace(/sock$/, "pid"),
    `${socket}.lock`,
    lock,
  ];
  try {
    for (const text of [`${living.pid}\n`, `${dead}\n`, `${process.pid}\n`, "", "\0no pid\n"]) {
      // One that cannot be read is one of them, each time; the lock itself must be opened.
      for (const file of files) await writeFile(file, text, { mode: file.endsWith("daemon.pid") ? 0o000 : 0o600 });
      await using daemon = await Daemon.start({ workspace, ...(asUser !== null && { around: asUser }) });
      assert.equal((await startAndEnd(workspace)).code, 75, "there is one already");
      await daemon.restart();
      assert.equal(await daemon.stop(), 0);
      for (const file of files) {
        await chmod(file, 0o600);
        assert.equal(await readFile(file, "utf8"), text, file);
        await rm(file);
      }
    }
    assert.ok(isAlive(living.pid ?? 0), "nobody was taken for a daemon of old and ended");
  } finally {
    living.stdin?.end();
  }
});

test("the kernel's lock decides: held by whoever it is, 75 and nothing is made; let go by a kill -9, the next start has it", async () => {
  await using workspace = await Workspace.create();
  const { lock, state, socket } = workspace.places;
  const holder = stranger('exec 9>>"$0"; flock 9; echo held; read line', lock);
  await once(holder.stdout!, "data");
  assert.deepEqual(await startAndEnd(workspace), { code: 75, problem: null });
  assert.equal(existsSync(socket), false);
  assert.equal(existsSync(join(state, "format.json")), false);
  const gone = once(holder, "exit");
  holder.kill("SIGKILL");
  await gone;
  await using daemon = await Daemon.start({ workspace });
  assert.equal((await daemon.ask("GET", "/api/health")).status, 200);
});

test("where its lock cannot be opened the daemon says so, and touches nothing", async (t) => {
  const planted: [what: string, plant: (lock: string) => Promise<unknown>, code: string][] = [
    ["a folder", async (lock) => mkdir(lock), "EISDIR"],
    ["a link to nowhere", async (lock) => symlink("/nowhere/lock", lock), "ENOENT"],
    ["a file that may not be opened", async (lock) => writeFile(lock, "", { mode: 0o000 }), "EACCES"],
  ];
  for (const [what, plant, reason] of planted) {
    if (reason === "EACCES" && asUser === null) {
      t.diagnostic(`${what}: not tried, for root may open everything`);
      continue;
    }
    await using workspace = await Workspace.create();
    const { lock, state } = workspace.places;
    await plant(lock);
    const { code, problem } = await startAndEnd(workspace);
    assert.equal(code, 3, what);
    assert.equal(problem?.code, "AITHER_E_HOME_UNUSABLE", what);
    assert.ok(problem.detail.includes(reason) && problem.detail.includes(lock), `${what}: ${problem.detail}`);
    assert.equal(existsSync(join(state, "format.json")), false, what);
  }
});

test("a workspace that is read-only runs jobs all the same: what a script cannot write is the script's own failure", async (t) => {
  if (asUser === null) return t.skip("skipped: root may write everywhere, and there is no setpriv");
  await using workspace = await Workspace.create();
  await using daemon = await Daemon.start({ workspace, around: asUser });
  await chmod(workspace.folder, 0o555);
  try {
    const steps = [
      { shell: "sh", script: "echo reads; ls" },
      { shell: "sh", script: "touch new" },
    ];
    const jobId = await daemon.startJob({ metadata: { name: "ro" }, orchestration: { jobs: { a: { steps } } } });
    const job = await daemon.ended(jobId);
    const scripts = job.stages[0]?.legs[0]?.scripts ?? [];
    assert.deepEqual(
      scripts.map(({ status, exitCode }) => [status, exitCode === 0]),
      [
        ["Completed", true],
        ["Failed", false],
      ],
    );
    await waitFor("its output", async () =>
      /reads\nplaybooks\n/.test((await daemon.ask("GET", `/api/jobs/${jobId}/logs`)).text),
    );
  } finally {
    await chmod(workspace.folder, 0o755);
  }
});
