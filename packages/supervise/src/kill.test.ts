import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { readExit } from "./attempt-files.ts";
import type { AttemptTarget } from "./attempt-target.ts";
import { findProcesses } from "./find.ts";
import { identify, isAlive, readBootId, readProcessStat } from "./identity.ts";
import { findScripts, freeze, kill, killWrapper, terminate, thaw } from "./kill.ts";
import { createRig, waitFor, waitForLines } from "./test-rig.ts";

/** Its number on x86-64; elsewhere there may be none. */
const VFORK = 58;
const vforkSkip = process.platform !== "linux" || process.arch !== "x64" ? "skipped: not x86-64" : false;

const SIGKILLED = { kind: "exited", code: 137, signal: "SIGKILL" };

/** Each writes its pid to the log once it stands; `@` starts the text of a child. */
const hostile: readonly (readonly [string, string])[] = [
  ["a plain child", `sh -c 'echo $$; sleep 600' &`],
  ["one that ignores TERM", `sh -c 'trap "" TERM HUP INT; echo $$; while :; do sleep 600; done' &`],
  ["one in a session of its own", `setsid sh -c 'echo $$; sleep 600' &`],
  ["one forked twice", `( setsid sh -c 'echo $$; sleep 600' & ) &`],
  [
    "one deaf and daemonised, output closed",
    `( setsid sh -c 'trap "" TERM; echo $$; exec sleep 600 >/dev/null 2>&1' & )`,
  ],
  ["one without environment that holds the output", `setsid env -i /bin/sh -c 'echo $$; exec /bin/sleep 600' &`],
  ["one under nohup", `nohup sh -c 'echo $$; sleep 600' &`],
  ["one that keeps making more", `sh -c 'trap "" TERM; echo $$; while :; do sleep 0.05; done' &`],
];

describe("killing", () => {
  const rig = createRig();
  after(() => rig.end());

  for (const [name, text] of hostile) {
    it(`finds and ends ${name}`, async () => {
      const started = await rig.start(`${text}\nwait; sleep 600`);
      const [pid] = (await waitForLines(started.files.log, 1)).map(Number);
      assert.ok(pid !== undefined && readProcessStat(pid) !== undefined);
      await waitFor(async () => (await findScripts(started.target)).some((one) => one.pid === pid));
      const report = await kill(started.target);
      assert.deepEqual(report.left, []);
      assert.ok(report.killedCount >= 2, JSON.stringify(report));
      assert.equal(identify(pid), undefined);
      assert.deepEqual((await started.exit()).result, SIGKILLED);
      assert.deepEqual(await findProcesses(started.target), []);
    });
  }

  it("ends all of them at once, within few rounds", async () => {
    const started = await rig.start(`${hostile.map(([, text]) => text).join("\n")}\nwait; sleep 600`);
    await waitForLines(started.files.log, hostile.length);
    await terminate(started.target);
    const report = await kill(started.target);
    assert.deepEqual(report.left, []);
    assert.ok(report.rounds <= 5, String(report.rounds));
    assert.deepEqual(await findProcesses(started.target), []);
  });

  it("asks with TERM first, and the wrapper records what came of it", async () => {
    const polite = await rig.start(`trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.02; done`);
    await waitForLines(polite.files.log, 1);
    assert.ok((await terminate(polite.target)).length > 0);
    assert.deepEqual((await polite.exit()).result, { kind: "exited", code: 3, signal: undefined });
    assert.match(polite.log(), /^up\n(.*\n)?bye\n$/);
    const { wrapper } = polite.target;
    await waitFor(() => wrapper !== undefined && !isAlive(wrapper));
    assert.deepEqual(await terminate(polite.target), []);
    assert.deepEqual((await kill(polite.target)).rounds, 0);
  });

  it("kills a script in the very moment it starts", async () => {
    for (let round = 0; round < 20; round += 1) {
      const started = await rig.start("sleep 600");
      const report = await kill(started.target);
      assert.deepEqual(report.left, []);
      assert.deepEqual((await started.exit()).result, SIGKILLED);
    }
  });

  it("finds what a finished script left behind, also without its wrapper", async () => {
    const started = await rig.start(`setsid sh -c 'echo $$; sleep 600' & sleep 600 & echo $!; exit 0`);
    await started.exit();
    const { wrapper } = started.target;
    await waitFor(() => wrapper !== undefined && !isAlive(wrapper));
    await waitForLines(started.files.log, 2);
    const left = await waitFor(async () => {
      const found = await findScripts(started.target);
      return found.length >= 3 && found;
    });
    assert.ok(left.some((one) => one.foundBy === "marker"));
    assert.deepEqual((await kill(started.target)).left, []);
  });

  it("finds a script whose wrapper was killed: it runs on, its log grows, no record will come", async () => {
    const started = await rig.start("while :; do echo tick; sleep 0.01; done");
    await waitForLines(started.files.log, 2);
    assert.equal(killWrapper(started.target), true);
    const { wrapper } = started.target;
    await waitFor(() => wrapper !== undefined && !isAlive(wrapper));
    const size = readFileSync(started.files.log).length;
    await waitFor(() => readFileSync(started.files.log).length > size);
    assert.ok((await findScripts(started.target)).length > 0);
    assert.deepEqual((await kill(started.target)).left, []);
    assert.equal(await readExit(started.files), undefined);
    assert.equal(killWrapper(started.target), false);
  });

  it("finds a stray by its marker alone, when no claim was ever seen", async () => {
    const started = await rig.start("sleep 600");
    const stray: AttemptTarget = { ...started.target, wrapper: undefined, outputPaths: [] };
    await waitFor(async () => (await findProcesses(stray)).length >= 1);
    assert.deepEqual((await kill(stray)).left, []);
  });

  it("tells everybody who asks about one attempt at once", async () => {
    const started = await rig.start("echo up; sleep 600 & wait");
    await waitForLines(started.files.log, 1);
    await waitFor(async () => (await findScripts(started.target)).length >= 2);
    const byMarker: AttemptTarget = { ...started.target, wrapper: undefined, outputPaths: [] };
    const answers = await Promise.all([started.target, started.target, byMarker].map(async (one) => findScripts(one)));
    assert.deepEqual(answers[0], answers[1]);
    for (const found of answers) assert.ok(found.length >= 2, `${found.length}`);
    assert.deepEqual((await kill(started.target)).left, []);
  });

  it("freezes and thaws, and a frozen script can still be ended by TERM", async () => {
    const started = await rig.start(`( while :; do echo tick; sleep 0.01; done ) & wait`);
    await waitForLines(started.files.log, 3);
    const frozen = await freeze(started.target);
    assert.ok(frozen.length >= 2);
    await waitFor(async () => (await findScripts(started.target)).every(({ stopped }) => stopped));
    const size = readFileSync(started.files.log).length;
    await delay(60);
    assert.equal(readFileSync(started.files.log).length, size);
    assert.ok((await thaw(started.target)).length >= 2);
    await waitFor(() => readFileSync(started.files.log).length > size);
    await freeze(started.target);
    await terminate(started.target);
    assert.deepEqual((await started.exit()).result, { kind: "exited", code: 143, signal: "SIGTERM" });
  });

  it("takes for stopped who waits for a child that is", { skip: vforkSkip }, async () => {
    const started = await rig.start(`exec perl -e '$| = 1; print "up\\n"; sleep 600 if syscall(${VFORK}) == 0'`);
    await waitForLines(started.files.log, 1);
    await waitFor(async () => (await findScripts(started.target)).length === 2);
    const frozen = await freeze(started.target);
    assert.deepEqual(
      frozen.map(({ stopped }) => stopped),
      [true, true],
    );
    assert.deepEqual(
      frozen.map(({ pid }) => readProcessStat(pid)?.state ?? "").toSorted((a, b) => a.localeCompare(b)),
      ["D", "T"],
    );
    await thaw(started.target);
    assert.deepEqual((await kill(started.target)).left, []);
  });

  it("spares a stopped wrapper and wakes it, so that it can record the end", async () => {
    const started = await rig.start("echo up; sleep 600");
    await waitForLines(started.files.log, 1);
    const { wrapper } = started.target;
    assert.ok(wrapper !== undefined);
    process.kill(wrapper.pid, "SIGSTOP");
    await waitFor(() => readProcessStat(wrapper.pid)?.state === "T");
    const report = await kill(started.target);
    assert.deepEqual([report.left, report.wrapperAlive], [[], false]);
    assert.deepEqual((await started.exit()).result, SIGKILLED);
  });

  it("answers many questions with one pass, each with its own processes", async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => rig.start("echo up; sleep 600")));
    await Promise.all(all.map(({ files }) => waitForLines(files.log, 1)));
    const found = await Promise.all(all.map(({ target }) => findProcesses(target)));
    for (const [index, processes] of found.entries()) {
      const wrappers = processes.filter(({ isWrapper }) => isWrapper);
      assert.deepEqual(
        wrappers.map(({ pid }) => pid),
        [all[index]?.target.wrapper?.pid],
      );
      assert.ok(processes.length >= 2);
    }
    const reports = await Promise.all(all.map(({ target }) => kill(target)));
    assert.ok(reports.every(({ left }) => left.length === 0));
  });
});

describe("not killing", () => {
  const rig = createRig();
  after(() => rig.end());

  it("leaves alone whoever has the pid of a wrapper that is gone", async () => {
    const stranger = await rig.start("echo up; sleep 600");
    await waitForLines(stranger.files.log, 1);
    const { wrapper } = stranger.target;
    assert.ok(wrapper !== undefined);
    // The same pid and group, another start time: the number was given away since.
    const gone: AttemptTarget = {
      wrapper: { ...wrapper, startTime: String(Number(wrapper.startTime) - 1) },
      marker: "another attempt",
      outputPaths: [`${rig.dir}/another.log`],
    };
    assert.deepEqual(await findProcesses(gone), []);
    assert.deepEqual(await terminate(gone), []);
    assert.equal((await kill(gone)).killedCount, 0);
    assert.equal(killWrapper(gone), false);
    assert.ok(isAlive(wrapper));
    assert.ok((await findScripts(stranger.target)).length > 0);
  });

  it("leaves alone who only reads the log, and attempts of another boot", async () => {
    const started = await rig.start("echo up; sleep 600");
    await waitForLines(started.files.log, 1);
    const reader = spawn("/usr/bin/tail", ["-f", started.files.log], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await new Promise((resolve) => reader.stdout.once("data", resolve));
      assert.ok((await findProcesses(started.target)).every(({ pid }) => pid !== reader.pid));
      const bootIdPath = `${rig.dir}/boot`;
      writeFileSync(bootIdPath, "another-boot\n");
      assert.equal(readBootId({ bootIdPath }), "another-boot");
      assert.deepEqual(await findProcesses(started.target, { bootIdPath }), []);
      const { wrapper } = started.target;
      assert.ok(wrapper !== undefined && !isAlive(wrapper, { bootIdPath }) && isAlive(wrapper));
      assert.equal((await kill(started.target, { bootIdPath })).killedCount, 0);
      assert.ok((await findScripts(started.target)).length > 0);
    } finally {
      reader.kill();
    }
  });

  it("counts a zombie as dead", async () => {
    // The parent never waits, so its child stays a zombie for as long as the parent lives.
    const started = await rig.start(`exec setsid sh -c 'sh -c "echo \\$\\$; exit 0" & exec sleep 600'`);
    const [pid] = (await waitForLines(started.files.log, 1)).map(Number);
    assert.ok(pid !== undefined);
    await waitFor(() => readProcessStat(pid)?.state === "Z");
    assert.ok(process.kill(pid, 0), "a zombie still answers");
    assert.equal(identify(pid), undefined);
    const startTime = readProcessStat(pid)?.startTime ?? "";
    assert.equal(isAlive({ bootId: readBootId(), pid, startTime }), false);
    assert.ok((await findProcesses(started.target)).every((found) => found.pid !== pid));
  });
});
