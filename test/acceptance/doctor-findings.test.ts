import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Cli } from "../rig/cli.ts";
import { Daemon } from "../rig/daemon.ts";
import { waitFor } from "../rig/wait.ts";
import type { Workspace } from "../rig/workspace.ts";

/** Each of doctor's checks is shown its trouble, for real; and where a test may, the mend is done and the finding goes. */

type Finding = { readonly name: string; readonly state: string; readonly says: string; readonly mend: string | null };
type Seen = { readonly code: number | null; readonly findings: readonly Finding[] };

const program = fileURLToPath(new URL("../../bin/aither", import.meta.url));

type How = {
  /** What runs the command, as words of `sh`; `"$@"` is the command. */
  readonly around?: string;
  readonly env?: Readonly<Record<string, string>>;
};

async function doctor({ env, folder }: Workspace, how: How = {}): Promise<Seen> {
  const argv = ["-c", how.around ?? 'exec "$@"', "sh", process.execPath, program, "doctor", "--json"];
  const child = spawn("/bin/sh", argv, { cwd: folder, env: { ...env, ...how.env }, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const [code] = (await once(child, "close")) as [number | null];
  assert.notEqual(out, "", err);
  return { code, findings: (JSON.parse(out) as { findings: Finding[] }).findings };
}

/** The one finding of this name holds, and the exit code fits its state. */
function found({ code, findings }: Seen, name: string, state: string, says: RegExp, mend: RegExp): void {
  const finding = findings.find((one) => one.name === name);
  assert.ok(finding, `nothing about ${name}: ${JSON.stringify(findings)}`);
  assert.equal(`${finding.state}: ${finding.says}`.startsWith(state), true, JSON.stringify(finding));
  assert.match(finding.says, says);
  assert.match(finding.mend ?? "", mend);
  const broken = findings.some((one) => one.state === "bad");
  assert.equal(code, broken ? 1 : 0);
  if (state === "bad") assert.equal(code, 1);
}

async function healthy(cli: Cli): Promise<void> {
  await chmod(cli.workspace.places.home, 0o700);
}

function mayUnshare(t: TestContext, ...flags: string[]): boolean {
  if (spawnSync("unshare", [...flags, "true"]).status === 0) return true;
  t.skip(`skipped: this machine allows no unshare ${flags.join(" ")}`);
  return false;
}

test("limits that are low are warned of", async () => {
  await using cli = await Cli.create();
  await healthy(cli);
  const seen = await doctor(cli.workspace, {
    around: 'ulimit -n 512; ulimit -p 900 2>/dev/null || ulimit -u 900; exec "$@"',
  });
  found(seen, "open files", "warn", /^512; thousands of scripts at once want 4096/, /ulimit -Hn/);
  found(seen, "processes", "warn", /^900/, /ulimit -Hu/);
  const raised = await doctor(cli.workspace);
  assert.notDeepEqual(
    raised.findings.find(({ name }) => name === "open files"),
    seen.findings.find(({ name }) => name === "open files"),
  );
});

test("limits of the whole machine that are low are warned of", async (t) => {
  if (!mayUnshare(t, "-m")) return;
  await using cli = await Cli.create();
  await healthy(cli);
  const low = await cli.workspace.write("low", "100\n");
  const mount = (path: string): string => `mount --bind ${low} /proc/sys/${path} && `;
  const inside = `${mount("fs/inotify/max_user_watches")}${mount("kernel/pid_max")}exec "$@"`;
  const seen = await doctor(cli.workspace, { around: `exec unshare -m sh -c '${inside}' sh "$@"` });
  found(seen, "inotify watches", "warn", /^100;/, /^sysctl fs\.inotify\.max_user_watches=8192/);
  found(seen, "pid_max", "warn", /^100;/, /^sysctl kernel\.pid_max=32768/);
});

test("programs that are missing, or do not run, are named with what does not work without them", async () => {
  await using cli = await Cli.create();
  await healthy(cli);
  const folder = cli.workspace.path("programs");
  await mkdir(folder);
  await symlink("/bin/sh", join(folder, "sh"));
  await writeFile(join(folder, "python3"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const seen = await doctor(cli.workspace, { env: { PATH: folder } });
  found(seen, "bash", "warn", /^is not on the PATH: bash scripts cannot run/, /^install bash/);
  found(seen, "pwsh", "warn", /PowerShell scripts cannot run/, /^install PowerShell/);
  found(seen, "node", "warn", /JavaScript scripts cannot run/, /PATH/);
  found(seen, "python3", "warn", /programs\/python3 does not run: Python scripts cannot run/, /^install Python 3/);
  found(seen, "flock", "warn", /is not on the PATH/, /util-linux/);
  found(seen, "setsid", "warn", /is not on the PATH/, /util-linux/);
  assert.equal(seen.code, 0, "what only some scripts need breaks nothing");
  await rm(join(folder, "sh"));
  found(await doctor(cli.workspace, { env: { PATH: folder } }), "sh", "bad", /no script can be started/, /POSIX shell/);
});

test("a home that is no folder, that others may read or write, or that is somebody else's", async (t) => {
  await using cli = await Cli.create();
  const { home, state } = cli.workspace.places;
  await chmod(home, 0o755);
  const open = await doctor(cli.workspace);
  found(open, "home", "warn", /0755: others may look in/, /^chmod 700 /);
  const mend = open.findings.find(({ name }) => name === "home")?.mend ?? "";
  assert.equal(spawnSync("/bin/sh", ["-c", mend]).status, 0);
  const mended = (await doctor(cli.workspace)).findings.find(({ name }) => name === "home");
  assert.deepEqual([mended?.state, mended?.mend], ["good", null]);
  await chmod(state, 0o722);
  found(await doctor(cli.workspace), "state", "bad", /others may write there/, /^chmod 700 .*\.orchestration-jobs/);
  await chmod(state, 0o700);
  if (process.getuid?.() === 0) {
    await chown(home, 1, 1);
    found(await doctor(cli.workspace), "home", "bad", /belongs to user 1, not to you/, /^chown -R 0 /);
    await chown(home, 0, 0);
  } else t.diagnostic("skipped: only root can give a folder to somebody else");
  await rm(home, { recursive: true });
  await writeFile(home, "");
  found(await doctor(cli.workspace), "home", "bad", /is not a folder/, /move it away/);
  await rm(home);
});

test("a home in memory, and a disk without room", async (t) => {
  if (!mayUnshare(t, "-m")) return;
  await using cli = await Cli.create();
  await healthy(cli);
  const { home } = cli.workspace.places;
  const on = (size: string): string =>
    `exec unshare -m sh -c 'mount -t tmpfs -o size=${size},mode=700 none ${home} && exec "$@"' sh "$@"`;
  const little = await doctor(cli.workspace, { around: on("64m") });
  found(little, "file system", "warn", /^tmpfs: a reboot empties it/, /local disk/);
  found(little, "disk space", "warn", /^\d+ MiB free/, /aither prune/);
  found(await doctor(cli.workspace, { around: on("8m") }), "disk space", "bad", /stops when nothing/, /make room/);
});

test("a daemon of another version, and one that was stopped", async () => {
  const file = "packages/protocol/src/version.ts";
  const patch = { file, find: 'VERSION = "0.1.0"', replace: 'VERSION = "0.0.9"' };
  await using daemon = await Daemon.start({ patches: [patch] });
  const { workspace } = daemon;
  await chmod(workspace.places.home, 0o700);
  found(await doctor(workspace), "version", "warn", /^the daemon is 0\.0\.9, this command /, /^aither daemon restart/);
  const pid = daemon.pid;
  process.kill(pid, "SIGSTOP");
  try {
    const seen = await doctor(workspace);
    found(seen, "daemon", "bad", new RegExp(`^process ${pid} listens and did not answer`), /^kill -CONT \d+/);
    const mend = /^kill -CONT \d+/.exec(seen.findings.find(({ name }) => name === "daemon")?.mend ?? "")?.[0] ?? "";
    assert.equal(spawnSync("/bin/sh", ["-c", mend]).status, 0);
    assert.equal((await doctor(workspace)).findings.find(({ name }) => name === "daemon")?.state, "good");
  } finally {
    process.kill(pid, "SIGCONT");
  }
});

test("somebody who holds the lock and is no daemon is named; nobody at AITHER_HOST is said", async (t) => {
  if (spawnSync("flock", ["--version"]).error) return t.skip("skipped: this machine has no flock");
  await using cli = await Cli.create();
  await healthy(cli);
  const gate = cli.workspace.path("gate");
  spawnSync("mkfifo", [gate]);
  const holding = `exec 9>>"$0"; flock -n 9 && echo held && read x < "$1"`;
  const holder = spawn("/bin/sh", ["-c", holding, cli.workspace.places.lock, gate], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(holder.stdout, "data");
  const seen = await doctor(cli.workspace);
  found(seen, "daemon", "bad", new RegExp(`^process ${holder.pid} holds the lock and does not answer`), /daemon logs/);
  await writeFile(gate, "go\n");
  await waitFor("the holder's end", () => holder.exitCode !== null);
  const after = (await doctor(cli.workspace)).findings;
  assert.equal(after.find(({ name }) => name === "daemon")?.state, "good");
  assert.equal(after.find(({ name }) => name === "lock")?.says, "free");
  const elsewhere = `unix://${cli.workspace.path("nobody.sock")}`;
  const nobody = await doctor(cli.workspace, { env: { AITHER_HOST: elsewhere } });
  found(nobody, "daemon", "bad", /^nobody answers at unix:/, /unset AITHER_HOST/);
});

test("a boot id that cannot be read, and a first process that collects nobody", async (t) => {
  if (!mayUnshare(t, "-m") || !mayUnshare(t, "-p", "-f", "--mount-proc")) return;
  await using cli = await Cli.create();
  await healthy(cli);
  const hidden = `mount --bind /dev/null /proc/sys/kernel/random/boot_id && exec "$@"`;
  const blind = await doctor(cli.workspace, { around: `exec unshare -m sh -c '${hidden}' sh "$@"` });
  found(blind, "boot id", "bad", /a reboot cannot be told from a pause/, /^mount \/proc/);
  // A Node that is process 1, waits for its own child only, and inherits thirty that have ended.
  const first = await cli.workspace.write(
    "first.cjs",
    `const { spawnSync } = require("node:child_process");
     spawnSync("/bin/sh", ["-c", "for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0 & sleep 0 & sleep 0 &) ; done; sleep 0.3"]);
     const { status } = spawnSync(process.argv[2], process.argv.slice(3), { stdio: "inherit" });
     process.exit(status);`,
  );
  const around = `exec unshare -p -f --mount-proc "$1" ${first} "$@"`;
  found(
    await doctor(cli.workspace, { around }),
    "process 1",
    "warn",
    /leaves \d+ ended processes/,
    /docker run --init/,
  );
});

test("whether a logout ends what was started is told by systemd's own words", async (t) => {
  if (!mayUnshare(t, "-m")) return;
  await using cli = await Cli.create();
  await healthy(cli);
  const folder = cli.workspace.path("loginctl");
  await mkdir(folder);
  const answers = async (word: string): Promise<void> =>
    writeFile(join(folder, "loginctl"), `#!/bin/sh\necho ${word}\n`, { mode: 0o755 });
  // The folders by which systemd is known, and none of this machine's lingering users.
  const folders = "/run/systemd/system /run/systemd/seats /var/lib/systemd/linger";
  const as = (more = ""): How => ({
    around: `exec unshare -m sh -c 'mkdir -p /var/lib/systemd && mount -t tmpfs none /run && mount -t tmpfs none /var/lib/systemd && mkdir -p ${folders} && ${more}exec "$@"' sh "$@"`,
    env: { PATH: `${folder}:${process.env["PATH"]}` },
  });
  await answers("yes");
  found(await doctor(cli.workspace, as()), "logout", "warn", /KillUserProcesses=yes/, /^loginctl enable-linger/);
  await answers("no");
  found(await doctor(cli.workspace, as()), "logout", "warn", /lingering is off/, /^loginctl enable-linger/);
  const lingering = await doctor(cli.workspace, as('touch "/var/lib/systemd/linger/$(id -un)" && '));
  found(lingering, "logout", "good", /lingering is on/, /^$/);
});

test("what makes Node itself slow, and an installation that was never built", async () => {
  await using cli = await Cli.create();
  await healthy(cli);
  const seen = await doctor(cli.workspace, { env: { NODE_EXTRA_CA_CERTS: "/dev/null" } });
  if (Number(process.versions.node.split(".")[0]) <= 20)
    found(seen, "NODE_EXTRA_CA_CERTS", "warn", /slower/, /^unset it/);
  assert.equal(seen.findings.find(({ name }) => name === "build")?.state, "good");
});
