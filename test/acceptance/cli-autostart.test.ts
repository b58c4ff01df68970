import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** Nobody starts the daemon by hand, and nobody ever gets two. */

const CLIENTS = 20;

function readyCount(cli: Cli): number {
  return readFileSync(cli.workspace.places.daemonLog, "utf8").split('"msg":"ready"').length - 1;
}

async function storm(cli: Cli): Promise<void> {
  const ended = await Promise.all(Array.from({ length: CLIENTS }, () => cli.run(["jobs", "list", "--json"])));
  for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
}

test(`${CLIENTS} clients at once start one daemon, on a fresh home and behind a stale socket`, async () => {
  await using cli = await Cli.create();
  await storm(cli);
  assert.equal(readyCount(cli), 1);
  await cli.killDaemon();
  assert.ok(existsSync(cli.workspace.places.socket), "a killed daemon leaves its socket");
  await storm(cli);
  assert.equal(readyCount(cli), 2);
});

test("the daemon belongs to no terminal: own session, cwd /, nothing of the client's environment but what it needs", async (t) => {
  if (!existsSync("/proc/self/environ")) return t.skip("skipped: no /proc");
  await using cli = await Cli.create();
  await cli.run(["status"], {
    env: { TERM: "xterm", SSH_TTY: "/dev/pts/9", MY_SECRET: "x", AITHER_TOKEN: "y", AITHER_LOG_LEVEL: "debug" },
  });
  const pid = await cli.daemonPid();
  const names = readFileSync(`/proc/${pid}/environ`, "utf8")
    .split("\0")
    .map((pair) => pair.split("=")[0]);
  for (const name of ["TERM", "SSH_TTY", "MY_SECRET", "AITHER_TOKEN"]) assert.ok(!names.includes(name), name);
  for (const name of ["PATH", "HOME", "XDG_RUNTIME_DIR", "AITHER_LOG_LEVEL"]) assert.ok(names.includes(name), name);
  assert.equal(readlinkSync(`/proc/${pid}/cwd`), "/");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const [session, terminal] = [stat[3], stat[4]];
  assert.deepEqual([session, terminal], [String(pid), "0"]);
});

test("a daemon that cannot start is told with its own words, and with exit code 3", async () => {
  await using cli = await Cli.create();
  const entry = await cli.workspace.write("broken.mjs", 'throw new Error("the moon is in the wrong house")\n');
  const broken = await cli.run(["jobs", "list"], { env: { AITHER_DAEMON_ENTRY: entry } });
  assert.equal(broken.code, 3);
  assert.match(
    broken.stderr,
    /^aither: aitherd ended with exit code 1 while starting: .*the moon is in the wrong house\n {2}see .*daemon\.log\n$/,
  );
});

test("a daemon's own start problem comes with its own exit code", async () => {
  await using cli = await Cli.create();
  const wrong = await cli.run(["jobs", "list"], { env: { AITHER_SLOTS: "none" } });
  assert.equal(wrong.code, 2, wrong.stderr);
  assert.match(wrong.stderr, /slots must be a whole number/);
  assert.equal((await cli.run(["jobs", "list"])).code, 0);
});

test("a stranger who holds the lock is told within seconds: who it is, and what to do; once it is gone, a daemon starts", async (t) => {
  if (!existsSync("/proc/locks")) return t.skip("skipped: no /proc/locks");
  await using cli = await Cli.create();
  const { lock } = cli.workspace.places;
  const stranger = spawn("/bin/sh", ["-c", 'exec 9>>"$0"; flock 9; echo held; read line', lock], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await once(stranger.stdout, "data");
    for (const argv of [["status"], ["jobs", "list"], ["orch", "x", "-d"], ["daemon", "start"]]) {
      const before = performance.now();
      const { code, stdout, stderr } = await cli.run(argv);
      const seconds = (performance.now() - before) / 1_000;
      assert.deepEqual([code, stdout], [3, ""], stderr);
      // A long command line is cut, and how long this one is depends on where the tests live.
      assert.ok(stderr.includes(`process ${stranger.pid} (/bin/sh -c exec 9>>"$0"; flock 9; echo held;`), stderr);
      assert.ok(stderr.includes(`holds the lock ${lock}, and is no daemon`), stderr);
      assert.ok(stderr.includes(`end it with \`kill ${stranger.pid}\`, or use another home`), stderr);
      // Two looks a second apart; the rest is what a busy machine takes to start a program.
      assert.ok(seconds < 5 + busySeconds(), `${argv.join(" ")} took ${seconds} s`);
    }
    const json = await cli.run(["status", "--json"]);
    assert.equal(
      (JSON.parse(json.stderr.slice(json.stderr.indexOf("{"))) as { code: string }).code,
      "AITHER_E_DAEMON_UNREACHABLE",
    );
  } finally {
    stranger.stdin.end();
  }
  await once(stranger, "exit");
  assert.equal((await cli.run(["status"])).code, 0);
});

/** Seconds that a program waits for its turn where many want the processor. */
function busySeconds(): number {
  return (loadavg()[0] ?? 0) / availableParallelism();
}

test("a home that is a file is told; nothing is started", async () => {
  await using cli = await Cli.create();
  const home = cli.workspace.path("file");
  await writeFile(home, "");
  const refused = await cli.run(["orch", "x"], { env: { AITHER_HOME: home } });
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /cannot be used as a home/);
  await rm(home);
});

test("a home where no folder can be made is told at once", async (t) => {
  if (!existsSync("/proc/self")) return t.skip("skipped: no /proc");
  await using cli = await Cli.create();
  const running = cli.start(["jobs", "list"], { env: { AITHER_HOME: "/proc/x" } });
  // A command that turns for ever must not keep the test from ending.
  const guard = setTimeout(() => running.child.kill("SIGKILL"), 15_000);
  const { code, stderr } = await running.ended;
  clearTimeout(guard);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /\/proc\/x cannot be used as a home/);
});

test("a daemon that a script starts carries nothing of the script, and survives its end", async (t) => {
  if (!existsSync("/proc/self/environ")) return t.skip("skipped: no /proc");
  await using cli = await Cli.create();
  await using inner = await Cli.create();
  const aither = `"${process.execPath}" "${fileURLToPath(new URL("../../bin/aither", import.meta.url))}"`;
  const { AITHER_HOME: home = "", XDG_RUNTIME_DIR: runtime = "" } = inner.workspace.env;
  const start = `export AITHER_HOME=${home} XDG_RUNTIME_DIR=${runtime}; ${aither} daemon start; echo started; sleep 600`;
  await cli.playbook("nested", { one: { steps: [{ id: "start", name: "start", shell: "sh", script: start }] } });
  await cli.json("orch", "nested", "--detach");
  await waitFor("the inner daemon", async () =>
    (await cli.run(["logs", "latest", "--raw"])).stdout.includes("started"),
  );
  const pid = await inner.daemonPid();
  const given = readFileSync(`/proc/${pid}/environ`, "utf8");
  assert.doesNotMatch(given, /AITHER_(ATTEMPT|JOB_|OUTPUT|SUMMARY|ARTIFACTS|VAR_)/);
  const cancelled = await cli.run(["cancel", "latest", "--yes", "--force"]);
  assert.equal(cancelled.code, 0, cancelled.stderr);
  const job = await cli.run(["wait", "latest"]);
  assert.equal(job.code, 130, job.stderr);
  assert.equal(await inner.daemonPid(), pid);
});

test("a named host is never started: 3 at once, and no daemon afterwards", async () => {
  await using cli = await Cli.create();
  const host = `unix://${cli.workspace.places.socket}`;
  assert.equal((await cli.run(["jobs", "list"], { env: { AITHER_HOST: host } })).code, 3);
  assert.equal((await cli.run(["daemon", "status"])).code, 3);
  assert.equal(existsSync(cli.workspace.places.daemonLog), false);
});
