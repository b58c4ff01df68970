import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "@aither/protocol";
import { daemonBundle } from "../rig/bundle.ts";
import { Daemon } from "../rig/daemon.ts";
import { processesOf } from "../rig/processes.ts";
import { waitFor } from "../rig/wait.ts";
import { Workspace } from "../rig/workspace.ts";

type Ended = { code: number | null; stderr: string; problem: Problem | null };

/** Starts `aitherd` by hand and waits for its end. */
async function startAndFail(
  workspace: Workspace,
  env: Record<string, string> = {},
  argv: string[] = [],
): Promise<Ended> {
  const child = spawn(process.execPath, [await daemonBundle(), ...argv], {
    env: { ...workspace.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  const line = stderr.split("\n").find((text) => text.startsWith("{"));
  return { code, stderr, problem: line === undefined ? null : (JSON.parse(line) as Problem) };
}

test("a second daemon leaves with 75 and does not disturb the first", async () => {
  await Daemon.with(async (daemon) => {
    const { code, stderr } = await startAndFail(daemon.workspace);
    assert.equal(code, 75);
    assert.equal(stderr, "");
    assert.equal((await daemon.ask("GET", "/api/health")).status, 200);
  });
});

test("a stale socket is in nobody's way, and a stopped daemon leaves none", async () => {
  await Daemon.with(async (daemon) => {
    await daemon.kill();
    await daemon.launch();
    assert.equal(await daemon.stop(), 0);
    await assert.rejects(readFile(daemon.workspace.places.socket), { code: "ENOENT" });
  });
});

test("the socket is for its owner alone", async () => {
  await Daemon.with(async (daemon) => {
    const { stat } = await import("node:fs/promises");
    const { socket, socketFolder } = daemon.workspace.places;
    assert.equal((await stat(socket)).mode & 0o777, 0o600);
    assert.equal((await stat(socketFolder)).mode & 0o777, 0o700);
  });
});

test("a socket path that is too long is refused before anything is made", async () => {
  await using workspace = await Workspace.create();
  const { code, problem } = await startAndFail(workspace, { XDG_RUNTIME_DIR: join(workspace.root, "x".repeat(100)) });
  assert.equal(code, 2);
  assert.equal(problem?.code, "AITHER_E_SOCKET_PATH_TOO_LONG");
  assert.match(problem?.detail ?? "", /at most 103/);
});

test("a home that is a file, or lies below something that is no disk, is refused", async () => {
  await using workspace = await Workspace.create();
  const file = join(workspace.root, "file");
  await writeFile(file, "");
  for (const home of [file, join(file, "below"), "/proc/none/home"]) {
    const { code, problem } = await startAndFail(workspace, { AITHER_HOME: home });
    assert.equal(code, 3, home);
    assert.equal(problem?.code, "AITHER_E_HOME_UNUSABLE", home);
  }
});

test("a home that may not be written is refused", async (t) => {
  if (process.getuid?.() === 0) return t.skip("skipped: root may write everywhere");
  await using workspace = await Workspace.create();
  const home = join(workspace.root, "locked");
  await mkdir(home, { mode: 0o500 });
  const { code, problem } = await startAndFail(workspace, { AITHER_HOME: home });
  assert.equal(code, 3);
  assert.equal(problem?.code, "AITHER_E_HOME_UNUSABLE");
  await chmod(home, 0o700);
});

test("a state of a newer version is refused, and the starter finds out why", async () => {
  await using workspace = await Workspace.create();
  const format = join(workspace.places.state, "format.json");
  await writeFile(format, '{"version": 99}');
  const { code, problem } = await startAndFail(workspace);
  assert.equal(code, 3);
  assert.equal(problem?.code, "AITHER_E_STATE_NEWER");
  const told = JSON.parse(await readFile(join(workspace.places.home, "start-problem.json"), "utf8")) as Problem;
  assert.equal(told.code, "AITHER_E_STATE_NEWER");
  assert.equal(await readFile(format, "utf8"), '{"version": 99}');
});

test("a wrong setting is named", async () => {
  await using workspace = await Workspace.create();
  const wrong = await startAndFail(workspace, { AITHER_SLOTS: "many" });
  assert.equal(wrong.code, 2);
  assert.match(wrong.problem?.detail ?? "", /slots/);
  const unknown = await startAndFail(workspace, {}, ["--bogus"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.problem?.detail ?? "", /bogus/);
});

test("of many starters at once one becomes the daemon; it stops when its starter is asked to", async () => {
  await using workspace = await Workspace.create();
  const bundle = await daemonBundle();
  const starters = [...Array(8)].map(() =>
    spawn(process.execPath, [bundle], { env: workspace.env, stdio: ["ignore", "ignore", "ignore"] }),
  );
  const ended = new Map<number, number | null>();
  starters.forEach((child, at) => child.once("exit", (code) => ended.set(at, code)));
  await waitFor("seven starters to leave", () => ended.size === starters.length - 1);
  assert.deepEqual(
    [...ended.values()],
    starters.slice(1).map(() => 75),
  );
  const daemon = starters.find((_, at) => !ended.has(at));
  await waitFor("the socket", () => existsSync(workspace.places.socket));
  daemon?.kill("SIGTERM");
  await waitFor("the end of the daemon", () => ended.size === starters.length);
  assert.deepEqual(processesOf(workspace.root), []);
});
