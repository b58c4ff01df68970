import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Cli } from "../rig/cli.ts";
import { waitFor } from "../rig/wait.ts";

/** `aither dashboard` and `aither daemon audit`, and every kind of command over the loopback door. */

type Invitation = { readonly url: string; readonly token: string };

async function token(cli: Cli, role: string): Promise<Record<string, string>> {
  const { url, token: text } = await cli.json<Invitation>("dashboard", "--token", "--role", role);
  return { AITHER_HOST: url, AITHER_TOKEN: text };
}

test("the browser is given a file, and the code is in no process's arguments, no log and no audit line", async () => {
  await using cli = await Cli.create();
  const told = cli.workspace.path("told");
  // Stands for a browser: says what it was called with, and stays for a moment in which it can be looked at.
  const browser = await cli.workspace.write(
    "browser",
    `#!/bin/sh\necho "$@" > ${told}\nread -r _ < ${told}.go\n`,
    0o755,
  );
  await cli.run(["daemon", "start"]);
  const { execFileSync } = await import("node:child_process");
  execFileSync("mkfifo", [`${told}.go`]);
  const { code, stderr, stdout } = await cli.run(["dashboard"], { env: { BROWSER: browser } });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^Opening http:\/\/127\.0\.0\.1:\d+ in your browser, in the role admin\.$/m);
  const address = await waitFor("the browser", () => {
    try {
      return readFileSync(told, "utf8").trim();
    } catch {
      return null;
    }
  });
  assert.match(address, /^file:\/\/\/.*-open-[0-9a-f]{12}\.html$/);
  const [, secret = ""] = /open#([\w-]{43})/.exec(readFileSync(new URL(address), "utf8")) ?? [];
  assert.equal(secret.length, 43);
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const file of ["cmdline", "environ"]) {
      let text = "";
      try {
        text = readFileSync(`/proc/${pid}/${file}`, "latin1");
      } catch {
        // It is gone, or another user's.
      }
      assert.ok(!text.includes(secret), `${file} of ${pid}`);
    }
  }
  const { places } = cli.workspace;
  for (const path of [places.daemonLog, places.auditLog, join(places.state, "sessions.json")])
    assert.ok(!readFileSync(path, "utf8").includes(secret), path);
  execFileSync("/bin/sh", ["-c", `echo > ${told}.go`]);
});

test("without a browser the link is data; --json, a wrong role, --revoke-all", async () => {
  await using cli = await Cli.create();
  const link = await cli.run(["dashboard", "-n", "--role", "viewer", "--expires", "1h"], {
    env: { BROWSER: "/bin/false" },
  });
  assert.match(link.stdout, /^http:\/\/127\.0\.0\.1:\d+\/open#[\w-]{43}\n$/);
  assert.match(link.stderr, /within a minute/);
  const plain = await cli.run(["dashboard", "--token", "--quiet"]);
  assert.match(plain.stdout, /^aither_[\w-]{43}\n$/);
  assert.equal(plain.stderr, "");
  const told = await cli.json<Record<string, string>>("dashboard", "--token", "--role", "operator", "--expires", "30m");
  assert.equal(told["role"], "operator");
  assert.ok(Math.abs(Date.parse(told["validUntil"] ?? "") - Date.now() - 1_800_000) < 60_000);
  for (const [argv, words] of [
    [["--role", "owner"], /--role must be one of viewer, operator, admin, not "owner"/],
    [["--expires", "soon"], /--expires wants a time/],
    [["--expires", "90d"], /expiresMs in the body must be <= /],
    [["--revoke-all", "--token"], /--revoke-all stands alone/],
  ] as const) {
    const wrong = await cli.run(["dashboard", ...argv]);
    assert.equal(wrong.code, 2, wrong.stderr);
    assert.match(wrong.stderr, words);
  }
  const all = await cli.run(["dashboard", "--revoke-all"]);
  assert.match(all.stderr, /^2 sessions ended; the door is closed$/m);
  const late = await cli.run(["ls"], { env: { AITHER_HOST: told["url"] ?? "", AITHER_TOKEN: told["token"] ?? "" } });
  assert.equal(late.code, 3, late.stderr);
  assert.match(late.stderr, /nobody listens there/);
});

const saved = { only: { steps: [{ id: "a", script: 'echo "hello $MARK"' }] } };

test("every kind of command works with a token: start, follow, events, status, steering; each in its role", async () => {
  await using cli = await Cli.create();
  await cli.playbook("saved", saved);
  await cli.playbook("slow", { only: { steps: [{ id: "a", script: "read -r _", stdin: true }] } });
  const admin = await token(cli, "admin");
  const started = await cli.run(["orch", "saved", "--env", "MARK=admin"], { env: admin });
  assert.equal(started.code, 0, started.stderr);
  assert.match(started.stdout + started.stderr, /hello admin/);
  const operator = await token(cli, "operator");
  const run = cli.start(["orch", "slow", "--progress", "plain"], { env: operator });
  await waitFor("the second job", async () => (await cli.run(["show", "2"], { env: operator })).code === 0);
  const follower = cli.start(["events", "2", "-f", "--json"], { env: await token(cli, "viewer") });
  await follower.says(/ScriptStarted/);
  const sent = await cli.run(["send", "2", "go"], { env: operator });
  assert.equal(sent.code, 0, sent.stderr);
  assert.equal((await run.ended).code, 0, run.stderr);
  assert.equal((await follower.ended).code, 0);
  const viewer = await token(cli, "viewer");
  for (const argv of [
    ["ls"],
    ["status"],
    ["logs", "latest"],
    ["show", "1", "--json"],
    ["explain", "1"],
    ["search", "hello"],
  ]) {
    const { code, stderr } = await cli.run(argv, { env: viewer });
    assert.equal(code, 0, `${argv.join(" ")} ${stderr}`);
  }
  for (const [env, argv] of [
    [viewer, ["orch", "saved"]],
    [viewer, ["retry", "1"]],
    [operator, ["orch", "saved", "--env", "MARK=operator"]],
    [operator, ["run", "0402"]],
    [operator, ["rm", "1"]],
    [operator, ["dashboard", "--token"]],
    [operator, ["daemon", "stop"]],
  ] as const) {
    const { code, stderr } = await cli.run(argv, { env });
    assert.equal(code, 5, `${argv.join(" ")} ${stderr}`);
    assert.match(stderr, /needs the role|role/);
  }
  const elsewhere = await cli.run(["ls"], { env: { AITHER_HOST: "http://10.0.0.1:4700", AITHER_TOKEN: "x" } });
  assert.equal(elsewhere.code, 2);
  assert.match(elsewhere.stderr, /not on this machine/);
  const socket = await cli.run(["ls", "--json"], { env: { AITHER_HOST: `unix://${cli.workspace.places.socket}` } });
  assert.equal(socket.code, 0, socket.stderr);
});

test("daemon audit shows who did what, for people and for programs, also when no daemon runs", async () => {
  await using cli = await Cli.create();
  await cli.playbook("saved", saved);
  const none = await cli.run(["daemon", "audit"]);
  assert.deepEqual([none.code, none.stdout], [0, ""]);
  await cli.run(["orch", "saved"]);
  const viewer = await token(cli, "viewer");
  await cli.run(["cancel", "1"], { env: viewer });
  await cli.run(["daemon", "stop"]);
  const { stdout } = await cli.run(["daemon", "audit"]);
  assert.match(stdout, /uid \d+ +startJob [0-9a-f-]{36} +done$/m);
  assert.match(stdout, /uid \d+ +inviteSession \(token for viewer\) +done$/m);
  assert.match(stdout, /session [0-9a-f]{12} \(viewer\) +cancelJob 1 +refused: ROLE_INSUFFICIENT$/m);
  assert.match(stdout, /the door on 127\.0\.0\.1:\d+ opened$/m);
  const refused = await cli.run(["daemon", "audit", "--refused", "-n", "1", "--json"]);
  assert.equal((JSON.parse(refused.stdout) as { route: string }).route, "cancelJob");
});
