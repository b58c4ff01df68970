import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { AttemptTarget } from "./attempt-target.ts";
import {
  cgroupName,
  cgroupPids,
  findCgroupRoot,
  leaveAttempt,
  prepareCgroups,
  removeCgroup,
  whileFrozen,
} from "./cgroup.ts";
import { identify, isAlive } from "./identity.ts";
import { findScripts, freeze, kill, terminate, thaw } from "./kill.ts";
import { listProcesses } from "./process-list.ts";
import { createRig, shells, waitFor, waitForLines } from "./test-rig.ts";

describe("where control groups may be made", () => {
  const root = mkdtempSync(join(tmpdir(), "aither-cgroup-"));
  after(() => rmSync(root, { recursive: true, force: true }));

  /** A machine with this `/proc/self`. */
  function machine(cgroup: string, mounts: readonly string[]): { procRoot: string; point: string } {
    const procRoot = mkdtempSync(join(root, "proc-"));
    const point = join(procRoot, "mounted here");
    mkdirSync(join(procRoot, "self"));
    writeFileSync(join(procRoot, "self/cgroup"), cgroup);
    const escaped = point.replaceAll(" ", "\\040");
    writeFileSync(
      join(procRoot, "self/mountinfo"),
      mounts.map((line) => `${line.replace("POINT", escaped)}\n`).join(""),
    );
    return { procRoot, point };
  }

  function group(...parts: string[]): string {
    const dir = join(...parts);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "cgroup.procs"), "");
    return dir;
  }

  const v1 = "30 29 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu";
  const v2 = "31 29 0:27 / POINT rw,relatime - cgroup2 cgroup2 rw";

  it("is nowhere where there is only the first version, or nothing", () => {
    assert.deepEqual(findCgroupRoot(machine("4:cpu:/x\n", [v1])), { why: "no cgroup v2 is mounted" });
    assert.deepEqual(findCgroupRoot(machine("0::/x\n", [v1])), { why: "no cgroup v2 is mounted" });
    assert.deepEqual(findCgroupRoot({ procRoot: join(root, "nothing") }), { why: "no cgroup v2 is mounted" });
  });

  it("is our own group, whatever else is mounted", () => {
    const { procRoot, point } = machine("4:cpu:/x\n0::/user.slice/aitherd.service\n", [v1, v2]);
    const own = group(point, "user.slice/aitherd.service");
    assert.deepEqual(findCgroupRoot({ procRoot }), { dir: own });
  });

  it("is counted from the root of what is mounted, as in a container", () => {
    const { procRoot, point } = machine("0::/box/inner\n", [v2.replace(" / ", " /box ")]);
    const own = group(point, "inner");
    assert.deepEqual(findCgroupRoot({ procRoot }), { dir: own });
    const outside = machine("0::/other\n", [v2.replace(" / ", " /box ")]);
    assert.match(JSON.stringify(findCgroupRoot(outside)), /lies outside of what is mounted/);
  });

  it("is not where nobody may write", (t) => {
    const { procRoot } = machine("0::/absent\n", [v2]);
    assert.match(JSON.stringify(findCgroupRoot({ procRoot })), /not ours to write to \(ENOENT\)/);
    if (process.getuid?.() === 0) return t.skip("skipped: root may write everywhere");
    const locked = machine("0::/locked\n", [v2]);
    chmodSync(group(locked.point, "locked"), 0o500);
    assert.match(JSON.stringify(findCgroupRoot(locked)), /not ours to write to \(EACCES\)/);
  });

  it("is above all attempts when an attempt started us, also through several daemons", () => {
    const name = cgroupName("0123456789abcdef0123");
    const other = cgroupName("fedcba9876543210ffff");
    const { procRoot, point } = machine(`0::/a/${name}/job.x.1/${other}/job.y.1\n`, [v2]);
    const above = group(point, "a");
    group(point, `a/${name}/job.x.1/${other}/job.y.1`);
    assert.deepEqual(findCgroupRoot({ procRoot }), { dir: above });
    assert.equal(leaveAttempt(above, { procRoot }), true);
    assert.equal(readFileSync(join(above, "cgroup.procs"), "utf8"), String(process.pid));
    const plain = machine("0::/a\n", [v2]);
    assert.equal(leaveAttempt(group(plain.point, "a"), plain), false);
  });

  it("is not where the kernel cannot end a group at once", () => {
    const dir = join(root, "old-kernel");
    assert.match(prepareCgroups(dir) ?? "", /cannot be ended at once \(ENOENT\)/);
    assert.equal(existsSync(dir), false);
  });
});

const found = findCgroupRoot();
const home = "dir" in found ? join(found.dir, cgroupName(`${process.pid}`.padStart(16, "0"))) : "";
const why = "dir" in found ? prepareCgroups(home) : found.why;

/** Each would get away from everything but a group; each says that it stands. NAME is found in its command line. */
const hostile: readonly (readonly [string, string])[] = [
  [
    "without environment and output",
    `setsid env -i /bin/sh -c 'echo up >&3; exec 3>&-; exec /bin/sleep 600' NAME >/dev/null 2>&1 &`,
  ],
  [
    "that wrote over its environment",
    `setsid perl -e '$0 = "NAME" . "x" x 5000; syswrite STDERR, "up\\n"; close STDERR; sleep 600' >/dev/null 2>&1 2>&3 &`,
  ],
  [
    "that is another process every 2 ms",
    `setsid env -i perl -e '$0 = "NAME"; syswrite STDERR, "up\\n"; close STDERR; for (;;) { exit if fork; select undef, undef, undef, 0.002 }' >/dev/null 2>&3 &`,
  ],
  [
    "that is sixty-four, each deaf and without environment",
    `setsid env -i perl -e '$0 = "NAME"; $SIG{TERM} = "IGNORE"; syswrite STDERR, "up\\n"; close STDERR; fork for 1 .. 6; for (;;) { fork or exit; wait; select undef, undef, undef, 0.05 }' >/dev/null 2>&3 &`,
  ],
];

const noPerl = !["/usr/bin/perl", "/bin/perl"].some((path) => existsSync(path)) && "skipped: no perl here";

async function named(name: string): Promise<number[]> {
  const pids: number[] = [];
  for await (const { pid } of listProcesses({})) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(name)) pids.push(pid);
    } catch {
      // Gone meanwhile.
    }
  }
  return pids;
}

describe("a control group", { skip: why !== undefined && `skipped: ${why}` }, () => {
  const rig = createRig();
  let groups = 0;
  function group(): string {
    const dir = join(home, `attempt-${++groups}`);
    mkdirSync(dir);
    return dir;
  }
  after(async () => {
    await rig.end();
    await waitFor(() => removeCgroup(home));
  });

  for (const [name, text] of hostile) {
    it(`holds a child ${name}`, { skip: text.includes("perl ") && noPerl }, async () => {
      const cgroupDir = group();
      const token = `hostile-${process.pid}-${groups}`;
      const started = await rig.start(`exec 3>&1\n${text.replaceAll("NAME", token)}\nexec 3>&-; sleep 600`, {
        cgroupDir,
      });
      await waitForLines(started.files.log, 1);
      await waitFor(() => cgroupPids(cgroupDir).length >= 2);
      assert.equal(cgroupPids(cgroupDir).includes(started.target.wrapper?.pid ?? 0), false);
      const report = await kill(started.target);
      assert.deepEqual(report.left, []);
      assert.deepEqual(await named(token), []);
      assert.deepEqual((await started.exit()).result, { kind: "exited", code: 137, signal: "SIGKILL" });
      assert.ok(removeCgroup(cgroupDir));
    });
  }

  it("tells exactly who is left when a script has ended", async () => {
    const cgroupDir = group();
    const started = await rig.start(
      `setsid env -i /bin/sh -c 'echo $$; exec /bin/sleep 600 >/dev/null 2>&1' & exit 0`,
      { cgroupDir },
    );
    const [pid] = (await waitForLines(started.files.log, 1)).map(Number);
    await started.exit();
    await waitFor(() => cgroupPids(cgroupDir).length === 1);
    const [left, ...others] = await findScripts(started.target);
    assert.deepEqual([left?.pid, left?.foundBy, others], [pid, "cgroup", []]);
    assert.equal(removeCgroup(cgroupDir), false);
    assert.deepEqual((await kill(started.target)).left, []);
    assert.equal(identify(pid ?? 0), undefined);
    assert.ok(removeCgroup(cgroupDir));
  });

  it("stands still as a whole, seen by everybody, also a child that never is the same", { skip: noPerl }, async () => {
    const cgroupDir = group();
    const hopper = `perl -e 'for (;;) { exit if fork; select undef, undef, undef, 0.002 }'`;
    const started = await rig.start(`setsid env -i ${hopper} >/dev/null 2>&1 &\necho up; sleep 600`, { cgroupDir });
    await waitForLines(started.files.log, 1);
    await waitFor(() => cgroupPids(cgroupDir).length >= 3);
    await freeze(started.target);
    await waitFor(async () => (await findScripts(started.target)).every(({ stopped }) => stopped));
    const still = cgroupPids(cgroupDir);
    assert.ok(still.length >= 3, `${still.length}`);
    await thaw(started.target);
    await waitFor(() => still.some((pid) => identify(pid) === undefined));
    assert.deepEqual((await kill(started.target)).left, []);
    assert.ok(removeCgroup(cgroupDir));
  });

  it("hears a signal also when somebody died while it had the group frozen", async () => {
    const cgroupDir = group();
    const started = await rig.start("echo up; sleep 600", { cgroupDir });
    await waitForLines(started.files.log, 1);
    writeFileSync(join(cgroupDir, "cgroup.freeze"), "1");
    await terminate(started.target);
    assert.deepEqual((await started.exit()).result, { kind: "exited", code: 143, signal: "SIGTERM" });
    assert.ok(await waitFor(() => removeCgroup(cgroupDir)));
  });

  it("is let go however the work in it ends, and none is needed", async () => {
    const cgroupDir = group();
    await assert.rejects(
      whileFrozen(cgroupDir, () => {
        assert.match(readFileSync(join(cgroupDir, "cgroup.freeze"), "utf8"), /^1/);
        throw new Error("no");
      }),
      /no/,
    );
    assert.match(readFileSync(join(cgroupDir, "cgroup.freeze"), "utf8"), /^0/);
    await whileFrozen(undefined, () => assert.fail("there is nothing to freeze"));
    assert.ok(removeCgroup(cgroupDir));
  });

  it("is removed with what its script made below it", async () => {
    const cgroupDir = group();
    const started = await rig.start(
      `mkdir -p "${cgroupDir}/a/b"; (echo 0 > "${cgroupDir}/a/b/cgroup.procs"; exec sleep 600) & echo up; wait`,
      { cgroupDir },
    );
    await waitForLines(started.files.log, 1);
    await waitFor(() => cgroupPids(join(cgroupDir, "a/b")).length === 1);
    assert.deepEqual((await kill(started.target)).left, []);
    assert.ok(removeCgroup(cgroupDir));
    assert.ok(removeCgroup(cgroupDir), "one that is gone is removed");
  });

  it("that cannot be joined is done without", async () => {
    const cgroupDir = join(home, "absent");
    const started = await rig.start("echo up; sleep 600", { cgroupDir });
    await waitForLines(started.files.log, 1);
    assert.deepEqual((await kill(started.target)).left, []);
    assert.equal(started.log(), "up\n");
    assert.equal(existsSync(cgroupDir), false);
  });

  it("leaves alone a daemon that a script started, once that has left it", async () => {
    const cgroupDir = group();
    const daemon = spawn("/bin/sleep", ["600"], { stdio: "ignore", detached: true });
    const ended = once(daemon, "exit");
    try {
      const started = await rig.start("echo up; sleep 600", { cgroupDir });
      await waitForLines(started.files.log, 1);
      writeFileSync(join(cgroupDir, "cgroup.procs"), String(daemon.pid));
      writeFileSync(join(home, "../cgroup.procs"), String(daemon.pid));
      assert.deepEqual((await kill(started.target)).left, []);
      assert.ok(identify(daemon.pid ?? 0) !== undefined);
    } finally {
      daemon.kill();
      await ended;
    }
    assert.ok(removeCgroup(cgroupDir));
  });

  for (const { name, path } of shells) {
    it(`is joined by the script alone where the shell is ${name}`, async (t) => {
      if (path === undefined) return t.skip(`skipped: no ${name} here`);
      // Busybox is what it is called.
      const shell = join(rig.dir, `as-${name}`, "sh");
      mkdirSync(join(rig.dir, `as-${name}`));
      symlinkSync(path, shell);
      const other = createRig({ shell });
      const cgroupDir = group();
      try {
        const started = await other.start("echo up; sleep 600", { cgroupDir });
        await waitForLines(started.files.log, 1);
        const { wrapper }: AttemptTarget = started.target;
        assert.ok(wrapper !== undefined && isAlive(wrapper));
        assert.ok(cgroupPids(cgroupDir).length > 0 && !cgroupPids(cgroupDir).includes(wrapper.pid));
        await kill(started.target);
        assert.equal((await started.exit()).result.kind, "exited");
      } finally {
        await other.end();
        await waitFor(() => removeCgroup(cgroupDir));
      }
    });
  }
});
