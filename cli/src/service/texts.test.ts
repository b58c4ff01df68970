import assert from "node:assert/strict";
import { test } from "node:test";
import { daemonNodeOptions } from "@aither/protocol";
import type { ServiceFacts } from "./facts.ts";
import { launchdPlist } from "./launchd-plist.ts";
import { systemdSocket } from "./systemd-socket.ts";
import { systemdUnit } from "./systemd-unit.ts";
import { taskXml } from "./task-xml.ts";

const facts: ServiceFacts = {
  node: "/opt/node/bin/node",
  entry: "/opt/aither/bin/aitherd",
  home: "/home/eva/.local/state/aither",
  lock: "/home/eva/.local/state/aither/.orchestration-jobs/lock",
  log: "/home/eva/.local/state/aither/daemon.log",
  socket: "/run/user/1000/aither/0123456789abcdef.sock",
  uid: 1000,
  env: { XDG_RUNTIME_DIR: "/run/user/1000" },
  flock: true,
  suffix: "",
};
/** Everything that a unit, a property list or a task could take for its own. */
const odd = { ...facts, home: `/a b/100%/$HOME/"q"/<&'>\\x`, log: "/a b/100%/$HOME/daemon.log" };

test("a unit keeps scripts alive, comes back, and takes the lock before the daemon", () => {
  const lines = systemdUnit(facts, { system: false, socket: null }).split("\n");
  for (const wanted of [
    "Type=exec",
    `ExecStart=/bin/sh -c "exec 9>>\\"$$0\\"; flock -n 9 || exit 75; exec \\"$$@\\"" ${facts.lock} ${facts.node} ${daemonNodeOptions.join(" ")} ${facts.entry} --home ${facts.home}`,
    "KillMode=process",
    "SendSIGKILL=no",
    "Delegate=yes",
    "Restart=always",
    "OOMPolicy=continue",
    'Environment="XDG_RUNTIME_DIR=/run/user/1000"',
    "WantedBy=default.target",
  ])
    assert.ok(lines.includes(wanted), wanted);
  assert.ok(lines.some((line) => /^RestartPreventExitStatus=75\b/.test(line)));
  assert.ok(!lines.some((line) => line.startsWith("User=")));
});

test("a unit of the machine runs as the home's owner and keeps that user's runtime folder", () => {
  const text = systemdUnit(facts, { system: true, socket: null });
  assert.match(text, /^User=1000$/m);
  assert.match(text, /^Requires=user-runtime-dir@1000\.service$/m);
  assert.match(text, /^WantedBy=multi-user\.target$/m);
  const bare = systemdUnit({ ...facts, env: {}, uid: 0 }, { system: true, socket: null });
  assert.match(bare, /^UnsetEnvironment=XDG_RUNTIME_DIR$/m);
  assert.doesNotMatch(bare, /user-runtime-dir/);
});

test("a socket unit lets in nobody else, and the service waits for it", () => {
  const text = systemdSocket({ ...facts, socket: "/run/a%b.sock" });
  for (const line of ["ListenStream=/run/a%%b.sock", "SocketMode=0600", "DirectoryMode=0700", "RemoveOnStop=yes"])
    assert.ok(text.split("\n").includes(line), line);
  const unit = systemdUnit(facts, { system: false, socket: "aither.socket" });
  assert.match(unit, /^Wants=aither\.socket\nAfter=aither\.socket$/m);
});

test("odd paths stay what they are in a unit", () => {
  const text = systemdUnit(odd, { system: false, socket: null });
  assert.ok(text.includes(`"/a b/100%%/$$HOME/\\"q\\"/<&'>\\\\x"`), text);
  assert.match(text, /^StandardOutput=append:\/a b\/100%%\/\$HOME\/daemon\.log$/m);
});

test("without flock the unit starts the daemon itself", () => {
  const text = systemdUnit({ ...facts, flock: false }, { system: false, socket: null });
  assert.match(
    text,
    /^ExecStart=\/opt\/node\/bin\/node --max-semi-space-size=8 \/opt\/aither\/bin\/aitherd --home \/home\/eva\S+$/m,
  );
});

test("a launchd agent leaves the process group alone, and names are escaped", () => {
  const text = launchdPlist(odd, { label: "aither.daemon" });
  assert.match(text, /<key>AbandonProcessGroup<\/key>\n\s*<true\/>/);
  assert.match(text, /<key>KeepAlive<\/key>\n\s*<true\/>/);
  assert.ok(text.includes(`<string>/a b/100%/$HOME/&quot;q&quot;/&lt;&amp;&apos;&gt;\\x</string>`), text);
  assert.equal(text.match(/<dict>/g)?.length, text.match(/<\/dict>/g)?.length);
});

test("a Windows task has no time limit, is not ended on battery, and quotes as Windows reads", () => {
  const text = taskXml({ ...facts, home: `C:\\a b\\` }, { user: "PC\\eva & co" });
  assert.match(text, /<ExecutionTimeLimit>PT0S</);
  assert.match(text, /<StopIfGoingOnBatteries>false</);
  assert.match(text, /<AllowHardTerminate>false</);
  assert.ok(text.includes("<UserId>PC\\eva &amp; co</UserId>"));
  assert.ok(text.includes(`--home &quot;C:\\a b\\\\&quot;</Arguments>`), text);
});
