import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";
import { daemonBundle } from "../rig/bundle.ts";
import { defences } from "../torture/lib/defences.ts";

/** `aither doctor --crash-test` says "nothing was lost" where that is so, and must not say it where it is not. */

type Report = {
  readonly healthy: boolean;
  readonly kills: number;
  readonly findings: readonly { readonly name: string; readonly state: string; readonly says: string }[];
};

const windows = process.platform === "win32";

test("twenty kills lose nothing, touch nobody else's daemon, and leave nothing behind", async (t) => {
  if (windows) return t.skip("skipped: the crash test's scripts are for a POSIX shell");
  await using cli = await Cli.create();
  const own = await cli.json<{ pid: number }>("daemon", "start");
  const { code, stdout, stderr } = await cli.run(["doctor", "--crash-test", "--json"]);
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  const report = JSON.parse(stdout) as Report;
  assert.equal(report.healthy, true);
  assert.equal(report.kills, 20);
  assert.deepEqual(
    report.findings.map(({ name }) => name),
    ["survival", "jobs", "runs", "exit codes", "output", "events", "left behind"],
  );
  assert.equal((await cli.json<{ pid: number }>("daemon", "status")).pid, own.pid);
  const left = (await readdir(cli.workspace.places.home)).filter((name) => name.startsWith("crash-test"));
  assert.deepEqual(left, []);
});

test("a daemon whose death takes output with it is found out", async (t) => {
  if (windows) return t.skip("skipped: the crash test's scripts are for a POSIX shell");
  const defence = defences.find(({ name }) => name.startsWith("output goes from the script"));
  assert.ok(defence);
  await using cli = await Cli.create();
  const env = { AITHER_DAEMON_ENTRY: await daemonBundle(defence.without) };
  const { code, stdout } = await cli.run(["doctor", "--crash-test", "--json"], { env });
  assert.equal(code, 1, stdout);
  const report = JSON.parse(stdout) as Report;
  assert.equal(report.healthy, false);
  assert.ok(
    report.findings.some(({ state }) => state === "bad"),
    stdout,
  );
});

test("stopped half-way it takes its daemon and its folder with it", async (t) => {
  if (windows) return t.skip("skipped: the crash test's scripts are for a POSIX shell");
  await using cli = await Cli.create();
  const running = cli.start(["doctor", "--crash-test"]);
  await running.says(/kill -9 {2}2 of 20/);
  running.child.kill("SIGINT");
  const { code, stderr } = await running.ended;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /stopped; the private daemon and its folder are gone/);
  assert.deepEqual(
    (await readdir(cli.workspace.places.home)).filter((name) => name.startsWith("crash-test")),
    [],
  );
});
