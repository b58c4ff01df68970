import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { lab } from "../testing/lab.ts";
import { inline } from "../testing/plans.ts";

test("cancel ends a script that is deaf to TERM, with its children", async () => {
  await lab(async ({ root, engine, run, ended, said }) => {
    const pids = join(root, "pids");
    const text = `trap '' TERM; (trap '' TERM; setsid sleep 300 & echo $! >> ${pids}; wait) & echo $$ >> ${pids}; echo up; wait; wait`;
    const jobId = await run([inline(text)]);
    const follower = new AbortController();
    for await (const item of engine.watch(jobId, { signal: follower.signal })) {
      if (item.is === "event" && item.event.type === "ScriptStarted") break;
    }
    while ((await readFile(pids, "utf8").catch(() => "")).split("\n").length < 3) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const outcome = await engine.submit(jobId, { is: "cancel", by: "test", force: false });
    assert.ok(outcome.ok);
    const state = await ended(jobId);
    assert.equal(state.status, "Cancelled");
    for (const pid of (await readFile(pids, "utf8")).trim().split("\n")) {
      const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ") Z");
      assert.match(stat.slice(stat.lastIndexOf(")")), /^\) [ZX]/, `process ${pid} lives\n${said.join("\n")}`);
    }
  });
});

test("a frozen job stands still with its children, and goes on when resumed", async () => {
  await lab(async ({ root, engine, run, ended }) => {
    const pids = join(root, "pids");
    const gate = join(root, "gate");
    const jobId = await run([
      inline(`sleep 300 & echo $$ $! > ${pids}; while [ ! -e ${gate} ]; do sleep 0.01; done; kill $!`),
    ]);
    while (!/ \d+\n/.test(await readFile(pids, "utf8").catch(() => ""))) await nextLook();
    while (engine.job(jobId)?.status !== "Running") await nextLook();
    const found = (await readFile(pids, "utf8")).trim().split(" ");
    assert.ok((await engine.submit(jobId, { is: "pause", by: "test", freeze: true })).ok);
    for (const pid of found) while ((await stateOf(pid)) !== "T") await nextLook();
    await writeFile(gate, "");
    assert.ok((await engine.submit(jobId, { is: "resume", by: "test" })).ok);
    assert.equal((await ended(jobId)).status, "Completed");
    for (const pid of found) while (!/[ZX]/.test(await stateOf(pid))) await nextLook();
  });
});

/** One letter; `X` for a process that is gone. */
async function stateOf(pid: string): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ") X");
  return stat.charAt(stat.lastIndexOf(")") + 2);
}

async function nextLook(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

test("children that outlive their script are told as left-overs, and the job ends", async () => {
  await lab(async ({ root, run, ended, store }) => {
    const pidFile = join(root, "pid");
    const state = await ended(await run([inline(`setsid sleep 300 >/dev/null 2>&1 & echo $! > ${pidFile}`)]));
    const pid = Number(await readFile(pidFile, "utf8"));
    try {
      const events = [];
      for await (const event of store.events(state.id)) events.push(event);
      const end = events.find((event) => event.type === "ScriptCompleted");
      assert.deepEqual(end?.leftovers, [pid]);
    } finally {
      process.kill(pid, "SIGKILL");
    }
  });
});

test("children that outlive a script that fails are told by every attempt of it", async () => {
  await lab(async ({ root, run, ended, store }) => {
    const pidFile = join(root, "pids");
    const text = `setsid sleep 300 >/dev/null 2>&1 & echo $! >> ${pidFile}; exit 4`;
    const backoff = { initialMs: 1, factor: 1, maxMs: 1 };
    const state = await ended(await run([inline(text, { retries: 1, backoff })]));
    const pids = (await readFile(pidFile, "utf8")).trim().split("\n").map(Number);
    try {
      const told = [];
      for await (const event of store.events(state.id)) {
        if (event.type === "ScriptRetried" || event.type === "ScriptFailed") told.push(event.leftovers);
      }
      assert.deepEqual(
        told,
        pids.map((pid) => [pid]),
      );
      assert.equal(pids.length, 2);
    } finally {
      for (const pid of pids) process.kill(pid, "SIGKILL");
    }
  });
});
