import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { JobDetail } from "@aither/protocol";
import { Cli } from "../rig/cli.ts";
import { besideSystemd, systemdIsMissing, underSystemd } from "../rig/systemd.ts";
import type { Workspace } from "../rig/workspace.ts";

/** The daemon as a service: written as shown, verified by systemd, and no script ends with it. */

type Shown = { readonly file: string; readonly text: string; readonly manager: string; readonly name: string } & {
  readonly beside: readonly { readonly file: string; readonly text: string }[];
};

const aither = `"${process.execPath}" "${fileURLToPath(new URL("../../bin/aither", import.meta.url))}"`;
const linux = process.platform === "linux";

test("a dry run shows the unit and writes nothing; without systemd the file is written and the rest is said", async (t) => {
  if (!linux) return t.skip("skipped: not Linux");
  await using cli = await Cli.create();
  const { file, text, name, beside } = await cli.json<Shown>("service", "install", "--dry-run");
  assert.equal(existsSync(file), false);
  assert.equal(beside.length, 1);
  assert.match(beside[0]?.text ?? "", /^SocketMode=0600$/m);
  assert.match(name, /^aither-[0-9a-f]{8}\.service$/);
  assert.match(text, /^KillMode=process$/m);
  const { code, stderr } = await cli.run(["service", "install"]);
  assert.equal(code, 0, stderr);
  assert.equal(await readFile(file, "utf8"), text);
  assert.match(stderr, /nothing was started\. Where it runs:\n {2}systemctl --user daemon-reload\n/);
  assert.equal((await cli.run(["service", "status"])).code, 3);
  // Its manager is not there, and commands find a daemon all the same.
  assert.equal((await cli.run(["jobs", "list"])).code, 0);
  assert.equal((await cli.run(["service", "uninstall"])).code, 0);
  assert.equal(existsSync(file), false);
  assert.equal((await cli.run(["service", "status"])).code, 4);
});

test("the service of a daemon that somebody else started is refused", async (t) => {
  if (!linux) return t.skip("skipped: not Linux");
  await using cli = await Cli.create();
  const refused = await cli.run(["service", "install"], { env: { AITHER_HOST: "unix:///elsewhere.sock" } });
  assert.equal(refused.code, 2, refused.stderr);
});

for (const system of [false, true]) {
  test(`systemd finds nothing wrong with the ${system ? "machine's" : "user's"} unit, odd paths included`, async (t) => {
    if (spawnSync("systemd-analyze", ["--version"]).status !== 0) return t.skip("skipped: no systemd-analyze");
    await using cli = await Cli.create();
    const odd = cli.workspace.path(`o d%d $HOME "q"`);
    const argv = ["service", "install", "--dry-run", "--json", "--home", odd, ...(system ? ["--system"] : [])];
    const { stdout } = await cli.run(argv);
    const { text, name, beside } = JSON.parse(stdout) as Shown;
    const file = cli.workspace.path(name);
    for (const one of beside) await writeFile(cli.workspace.path(basename(one.file)), one.text);
    const verify = async (content: string): Promise<string> => {
      await writeFile(file, content);
      const scope = system ? "--system" : "--user";
      const env = { ...process.env, XDG_RUNTIME_DIR: cli.workspace.root };
      const found = spawnSync("systemd-analyze", [scope, "verify", "--man=no", file], { encoding: "utf8", env });
      return found.stderr
        .split("\n")
        .filter((line) => line.includes(name))
        .join("\n");
    };
    assert.equal(await verify(text), "");
    assert.notEqual(await verify(text.replace("KillMode=process", "KillMode=proces")), "", "a planted mistake is seen");
  });
}

test("under a real systemd: killed, it comes back; stopped and restarted, no script ends; its scripts see what others see", async (t) => {
  const missing = systemdIsMissing();
  if (missing !== null) return t.skip(missing);
  await using cli = await Cli.create();
  const step = {
    id: "long",
    name: "long",
    shell: "sh",
    script: "echo $$ > pid; echo begun; while [ ! -e gate ]; do sleep 0.1; done; echo done; exit 3",
  };
  await cli.playbook("long", { one: { steps: [step] } });
  await cli.playbook("env", environment);
  const { code, stdout, stderr } = await besideSystemd(storyOf(cli.workspace.folder), { ...cli.workspace.env });
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  const facts = Object.fromEntries(stdout.split("\n").map((line) => line.split("=", 2) as [string, string]));
  const told = `${stdout}\n${stderr}`;
  assert.equal(facts["before"], facts["main1"], `the service's process is the daemon that answers\n${told}`);
  assert.notEqual(facts["main2"], facts["main1"], `a killed daemon comes back\n${told}`);
  assert.equal(facts["alive2"], "yes", told);
  assert.notEqual(facts["main3"], facts["main2"], `aither daemon restart goes through systemd\n${told}`);
  assert.equal(facts["answers3"], facts["main3"], told);
  assert.equal(facts["alive3"], "yes", told);
  assert.equal(facts["mode"], "600", `the door is systemd's, and for its owner alone\n${told}`);
  assert.equal(facts["queued"], "0", `who calls in the moment of a death waits and is answered\n${told}`);
  assert.equal(facts["woken"], "0", `a call wakes a service that systemd was told to stop\n${told}`);
  assert.equal(facts["alive3b"], "yes", told);
  assert.equal(facts["stopped"], "inactive", `aither daemon stop is not undone by Restart=always\n${told}`);
  assert.equal(facts["alive4"], "yes", told);
  assert.equal(facts["main5"], facts["answers5"], `a command starts it again through systemd\n${told}`);
  assert.equal(facts["conclusion"], "1", `the job ended as its script did\n${told}`);
  assert.equal(facts["left"], "no", told);
  await sameEnvironments(cli.workspace, Number(facts["outside"]), Number(facts["inside"]));
  const job = await cli.json<JobDetail>("jobs", "status", facts["long"] ?? "");
  assert.equal(job.stages[0]?.legs[0]?.scripts[0]?.exitCode, 3);
  assert.equal(job.stages[0]?.legs[0]?.scripts[0]?.attempts.length, 1, "it ran once");
});

test("under the machine's systemd: a unit of the machine comes back when killed, and no script ends with it or sees what is its own", async (t) => {
  const missing = systemdIsMissing();
  if (missing !== null) return t.skip(missing);
  await using cli = await Cli.create();
  const script = "echo $$ > pid; while [ ! -e gate ]; do sleep 0.1; done; echo done; exit 3";
  await cli.playbook("long", { one: { steps: [{ id: "long", name: "long", shell: "sh", script }] } });
  await cli.playbook("env", environment);
  const story = machineStoryOf(cli.workspace.folder);
  const { code, stdout, stderr } = await underSystemd(story, { ...cli.workspace.env }, cli.workspace.root);
  const told = `${stdout}\n${stderr}`;
  assert.equal(code, 0, told);
  const facts = Object.fromEntries(stdout.split("\n").map((line) => line.split("=", 2) as [string, string]));
  assert.equal(facts["first"], "systemd", told);
  assert.equal(facts["main1"], facts["answers1"], `the unit's process is the daemon that answers\n${told}`);
  assert.equal(facts["enabled"], "enabled", told);
  assert.equal(facts["queued"], "0", `who calls in the moment of a death waits and is answered\n${told}`);
  assert.notEqual(facts["main2"], facts["main1"], `a killed daemon comes back\n${told}`);
  assert.equal(facts["alive2"], "yes", told);
  assert.equal(facts["alive3"], "yes", `systemctl restart ends no script\n${told}`);
  assert.equal(facts["conclusion"], "1", `the job ended as its script did\n${told}`);
  assert.equal(facts["left"], "no", told);
  await sameEnvironments(cli.workspace, Number(facts["outside"]), Number(facts["inside"]));
});

const environment = { one: { steps: [{ shell: "sh", script: "env > shown.$AITHER_JOB_NUMBER" }] } };

/** What names the one run that it is; the same list as in `environment.test.ts`. */
const own = /^AITHER_(JOB_ID|JOB_NUMBER|ATTEMPT|OUTPUT|ENV|PATH|SUMMARY|ARTIFACTS)=/;

/** A script sees its caller's environment, whoever started the daemon: there is no other difference. */
async function sameEnvironments(workspace: Workspace, outside: number, inside: number): Promise<void> {
  const linesOf = async (job: number): Promise<string[]> =>
    (await workspace.text("w", `shown.${job}`))
      .split("\n")
      .filter((line) => line !== "" && !own.test(line))
      .sort();
  const [wanted, found] = [await linesOf(outside), await linesOf(inside)];
  assert.notEqual(outside, inside);
  assert.ok(wanted.includes("MARKER=from the caller"), wanted.join("\n"));
  assert.deepEqual(found, wanted);
}

function machineStoryOf(folder: string): string {
  return `
cd "${folder}"
aither() { ${aither} "$@"; }
unit() { systemctl list-units --all --plain --no-legend 'aither*.service' | cut -d' ' -f1; }
main() { systemctl show -p MainPID --value "$(unit)"; }
alive() { if kill -0 "$(cat pid)"; then echo yes; else echo no; fi; }
echo "first=$(cat /proc/1/comm)"
environment() { MARKER="from the caller" aither orch env --json --quiet | sed -n 's/.*"number": \\([0-9]*\\).*/\\1/p' | head -n 1; }
echo "outside=$(environment)"
aither daemon stop >&2
aither service install --system >&2 || exit 90
echo "main1=$(main)"
echo "answers1=$(aither daemon status --json | sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p')"
echo "enabled=$(systemctl is-enabled "$(unit)")"
echo "inside=$(environment)"
aither orch long --detach >&2 || exit 91
for i in $(seq 200); do [ -s pid ] && break; sleep 0.1; done
kill -9 "$(main)"
aither jobs list >&2
echo "queued=$?"
echo "main2=$(main)"
echo "alive2=$(alive)"
systemctl restart "$(unit)" || exit 92
aither jobs list >&2 || exit 93
echo "alive3=$(alive)"
touch gate
aither wait latest >&2
echo "conclusion=$?"
aither service uninstall >&2 || exit 94
if ls /etc/systemd/system/aither* >&2; then echo "left=yes"; else echo "left=no"; fi
`;
}

/** What a user would type, told as `name=value` lines. */
function storyOf(folder: string): string {
  return `
cd "${folder}"
aither() { ${aither} "$@"; }
unit() { systemctl --user list-units --all --plain --no-legend 'aither*.service' | cut -d' ' -f1; }
main() { systemctl --user show -p MainPID --value "$(unit)"; }
answers() { aither daemon status --json | sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p'; }
alive() { if kill -0 "$(cat pid)"; then echo yes; else echo no; fi; }
echo "long=$(aither orch long --detach)"
for i in $(seq 200); do [ -s pid ] && break; sleep 0.1; done
environment() { MARKER="from the caller" aither orch env --json --quiet | sed -n 's/.*"number": \\([0-9]*\\).*/\\1/p' | head -n 1; }
echo "outside=$(environment)"
aither service install >&2 || exit 90
echo "inside=$(environment)"
echo "before=$(answers)"
echo "main1=$(main)"
old=$(main)
kill -9 "$old"
for i in $(seq 200); do now=$(main); [ "$now" != 0 ] && [ "$now" != "$old" ] && break; sleep 0.1; done
echo "main2=$now"
for i in $(seq 200); do [ -n "$(answers 2>/dev/null)" ] && break; sleep 0.1; done
echo "alive2=$(alive)"
aither daemon restart >&2
echo "main3=$(main)"
echo "answers3=$(answers)"
echo "alive3=$(alive)"
sock=$(aither daemon status --json | sed -n 's/.*"socket": "\\(.*\\)".*/\\1/p')
echo "mode=$(stat -c %a "$sock")"
kill -9 "$(main)"
aither jobs list >&2
echo "queued=$?"
systemctl --user stop "$(unit)"
aither jobs list >&2
echo "woken=$?"
grep -c "the socket is systemd's" "$AITHER_HOME/daemon.log" >&2 || exit 91
echo "alive3b=$(alive)"
aither daemon stop >&2
[ -e "$sock" ] && exit 92
echo "stopped=$(systemctl --user is-active "$(unit)")"
echo "alive4=$(alive)"
aither jobs list >&2
echo "main5=$(main)"
echo "answers5=$(answers)"
touch gate
aither wait long >&2
echo "conclusion=$?"
aither service status >&2
aither service uninstall >&2
if [ -e "$HOME/.config/systemd/user/$(unit)" ] && [ -n "$(unit)" ]; then echo "left=yes"; else echo "left=no"; fi
`;
}
