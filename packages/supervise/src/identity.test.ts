import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { identify, isAlive, isSameProcess, parseStat, readBootId } from "./identity.ts";
import { parsePs } from "./process-list.ts";
import { LivenessSweep } from "./sweep.ts";
import { createRig, waitFor } from "./test-rig.ts";

const stat = (pid: number, name: string, state: string, startTime: string): string =>
  `${pid} (${name}) ${state} 1 7 8 0 -1 4194304 ${"0 ".repeat(12)}${startTime} 1 2 3\n`;

describe("who a process is", () => {
  const procRoot = mkdtempSync(join(tmpdir(), "aither-proc-"));
  after(() => rmSync(procRoot, { recursive: true, force: true }));
  const put = (path: string, text: string): void => {
    mkdirSync(join(procRoot, path, ".."), { recursive: true });
    writeFileSync(join(procRoot, path), text);
  };
  put("sys/kernel/random/boot_id", "boot-1\n");

  it("is read whatever the process calls itself", () => {
    for (const name of ["sh", "a b", ") R 1 2", "((", "x) Z 0 0 0"]) {
      const found = parseStat(stat(12, name, "S", "987"));
      assert.deepEqual(found, {
        pid: 12,
        name,
        state: "S",
        parentPid: 1,
        groupId: 7,
        sessionId: 8,
        startTime: "987",
      });
    }
    assert.equal(parseStat(""), undefined);
  });

  it("is gone with the boot, the start time, the process, or as a zombie", () => {
    put("12/stat", stat(12, "sh", "S", "987"));
    put("13/stat", stat(13, "sh", "Z", "987"));
    const ref = { bootId: "boot-1", pid: 12, startTime: "987" };
    assert.deepEqual(identify(12, { procRoot }), ref);
    assert.equal(isAlive(ref, { procRoot }), true);
    assert.equal(isAlive({ ...ref, bootId: "boot-0" }, { procRoot }), false);
    assert.equal(isAlive({ ...ref, startTime: "986" }, { procRoot }), false);
    assert.equal(isAlive({ ...ref, pid: 13 }, { procRoot }), false);
    assert.equal(isAlive({ ...ref, pid: 14 }, { procRoot }), false);
    assert.equal(identify(13, { procRoot }), undefined);
  });

  it("knows this very process, on this very boot", () => {
    const self = identify(process.pid);
    assert.ok(self !== undefined && isAlive(self) && isSameProcess(self));
    assert.match(readBootId(), /^\S+$/);
  });
});

describe("processes where there is no /proc", () => {
  it("are read from ps", () => {
    const text =
      "    1     0     1 Ss   Sun Nov 22 09:04:05 2026     /sbin/launchd\n" +
      "  712     1   712 S+   Sun Nov 22 21:04:05 2026     /Applications/A B.app/x\n" +
      "  713   712   712 Z    Sun Nov 22 21:04:06 2026     (sh)\n";
    const found = parsePs(text);
    assert.deepEqual(
      found.map(({ pid }) => pid),
      [1, 712],
    );
    assert.equal(found[1]?.startTime, "Sun_Nov_22_21:04:05_2026");
    assert.equal(found[1]?.groupId, 712);
    assert.equal(found[1]?.name, "/Applications/A B.app/x");
  });
});

describe("the sweep", () => {
  const rig = createRig();
  after(() => rig.end());

  it("notices each death once, and nobody else's", async () => {
    const sweep = new LivenessSweep({ periodMs: 100 });
    const live = await rig.start("sleep 600");
    const started = await Promise.all(Array.from({ length: 5 }, () => rig.start("read -r x", { stdin: true })));
    const dead: number[] = [];
    const watch = (one: typeof live): (() => void) => {
      const { wrapper } = one.target;
      assert.ok(wrapper !== undefined);
      return sweep.watch(wrapper, () => dead.push(wrapper.pid));
    };
    watch(live);
    for (const one of started) watch(one);
    const { sendInput } = await import("./input.ts");
    for (const { files } of started) {
      await waitFor(async () => (await sendInput(files, Buffer.from("\n"))).kind === "sent");
    }
    await waitFor(() => dead.length === started.length);
    assert.deepEqual(new Set(dead), new Set(started.map(({ target }) => target.wrapper?.pid)));
    watch(live)();
    sweep.close();
  });
});

it("who cannot be looked at is not dead: without a free descriptor the question throws", () => {
  const module = JSON.stringify(new URL("identity.ts", import.meta.url).href);
  // Node itself needs some; then all that are left are taken.
  const program = `
    import { openSync } from "node:fs";
    import { identify, isAlive, LookFailed } from ${module};
    const me = identify(process.pid);
    const taken = [];
    try { for (;;) taken.push(openSync("/dev/null", "r")); } catch {}
    try { process.stdout.write(String(isAlive(me))); } catch (error) { process.stdout.write(String(error instanceof LookFailed)); }
  `;
  const argv = [
    "-c",
    'ulimit -n 64; exec "$0" "$@"',
    process.execPath,
    "--import",
    "tsx",
    "--input-type=module",
    "-e",
    program,
  ];
  const { stdout, stderr } = spawnSync("/bin/sh", argv, { encoding: "utf8", cwd: import.meta.dirname });
  assert.equal(stdout, "true", stderr);
});
