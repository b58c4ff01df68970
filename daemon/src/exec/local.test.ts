import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hasEnded, theScript, type JobState } from "@aither/core";
import { Engine } from "@aither/engine";
import type { JobId, Plan, ScriptPlan } from "@aither/protocol";
import { readBootId, Tail } from "@aither/supervise";
import { createClock } from "../clock.ts";
import type { Log } from "../host.ts";
import { createIds, newInstance } from "../ids.ts";
import { FileStore } from "../store/store.ts";
import { LocalExecutor } from "./local.ts";

/** Store, engine and executor as the daemon puts them together, without its door. */
type Lab = {
  root: string;
  engine: Engine;
  store: FileStore;
  said: string[];
  run: (scripts: readonly Partial<ScriptPlan>[], env?: Record<string, string>) => Promise<JobId>;
  ended: (jobId: JobId) => Promise<JobState>;
};

async function lab(use: (lab: Lab) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "ax-"));
  const said: string[] = [];
  const say = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const tail = new Tail();
  const store = new FileStore({ state: join(root, "s"), log, tail });
  await store.fs.makeDir(join(root, "s"));
  await store.open();
  const instance = newInstance();
  const fatal: unknown[] = [];
  const executor = new LocalExecutor({
    slots: 16,
    fs: store.fs,
    folders: store.folders,
    exits: store.layout.exits,
    tail,
    log,
    daemonId: instance,
    identity: {},
    origin: async (jobId) => store.origin(jobId),
    onDiskFailed: (error) => void fatal.push(error),
    jobNumber: (jobId) => engine.job(jobId)?.number ?? 0,
  });
  const engine: Engine = new Engine({
    clock: createClock(readBootId()),
    journal: store.journal,
    executor,
    ids: createIds({ daemonId: instance, nextNumber: () => store.nextNumber() }),
    slots: 16,
    onFatal: (error) => fatal.push(error),
    downSince: null,
  });
  store.connect(engine);
  executor.open();
  await engine.start();
  try {
    await use({
      root,
      engine,
      store,
      said,
      run: async (scripts, env = {}) => {
        const started = await engine.startJob({
          requestId: null,
          name: "lab",
          plan: plan(root, scripts),
          options: { useCache: false, generateSummary: false, priority: 0 },
          by: "test",
          parent: null,
          passedBefore: [],
          prepare: async (jobId) =>
            store.putOrigin(jobId, { env: { PATH: process.env["PATH"] ?? "", ...env }, umask: 0o027 }),
        });
        assert.ok(started.ok, JSON.stringify(started));
        return started.value.id;
      },
      ended: async (jobId) => {
        for await (const item of engine.watch(jobId, {})) if (item.is === "end") break;
        const state = engine.job(jobId);
        assert.ok(state !== undefined && hasEnded(state));
        return state;
      },
    });
  } catch (error) {
    console.error(said.join("\n"), fatal);
    throw error;
  } finally {
    await engine.stop();
    await executor.close();
    tail.close();
    await store.close();
    await rm(root, { recursive: true });
  }
  assert.deepEqual(fatal, []);
}

function script(key: string, fields: Partial<ScriptPlan>): ScriptPlan {
  return {
    key,
    id: null,
    number: null,
    name: key,
    path: null,
    kind: "inline",
    run: { argv: ["/bin/sh", "-c"], cwd: "/", env: {}, text: "true", late: false },
    condition: null,
    timeoutMs: null,
    retries: 0,
    backoff: { initialMs: 1, factor: 1, maxMs: 1 },
    continueOnError: false,
    idempotent: false,
    onInterrupted: "fail",
    successExitCodes: [0],
    stopLadder: [
      { signal: "TERM", afterMs: 300 },
      { signal: "KILL", afterMs: 1_000 },
    ],
    separateStderr: false,
    ...fields,
  };
}

function plan(workspace: string, scripts: readonly Partial<ScriptPlan>[]): Plan {
  return {
    name: "lab",
    description: "",
    format: "v3-jobs",
    file: null,
    digest: "0".repeat(64),
    workspace,
    profile: null,
    variables: {},
    maxConcurrency: null,
    failFast: false,
    timeoutMs: null,
    stages: [
      {
        id: "s",
        name: "s",
        description: "",
        needs: [],
        after: [],
        decision: "run",
        reason: "",
        condition: null,
        variables: {},
        continueOnError: false,
        failFast: false,
        maxParallel: null,
        parallel: 1,
        timeoutMs: null,
        legs: [{ name: "", matrix: {}, scripts: scripts.map((fields, at) => script(`s/${at + 1}`, fields)) }],
        outputs: {},
      },
    ],
    missing: [],
    unknown: [],
    notEnforced: [],
  };
}

function inline(text: string, more: Partial<ScriptPlan> = {}): Partial<ScriptPlan> {
  return { run: { argv: ["/bin/sh", "-c"], cwd: "/", env: {}, text, late: false }, ...more };
}

test("a job runs from its first event to its files at the end", async () => {
  await lab(async ({ run, ended, store }) => {
    const jobId = await run([
      inline('echo one; echo two >&2; echo "answer=42" >> "$AITHER_OUTPUT"'),
      inline("echo three"),
    ]);
    const state = await ended(jobId);
    assert.equal(state.status, "Completed");
    assert.deepEqual(theScript(state, "s/1").outputs, { answer: "42" });
    await store.journal.retire(jobId);
    const folder = await store.folders.find(jobId);
    assert.ok(folder !== undefined);
    assert.equal(await readFile(join(folder, "scripts", "s~1.1.log"), "utf8"), "one\ntwo\n");
    assert.deepEqual((await readdir(folder)).sort(), [
      "artifacts",
      "env.json",
      "events.ndjson",
      "metadata.json",
      "plan.json",
      "result.json",
      "scripts",
    ]);
    assert.deepEqual(await readdir(store.layout.active), []);
    const { jobs } = await store.list({ limit: 10 });
    assert.deepEqual(
      jobs.map(({ number, status }) => [number, status]),
      [[1, "Completed"]],
    );
    assert.deepEqual(await store.find("1"), { is: "one", jobId });
    assert.deepEqual(await store.find("latest"), { is: "one", jobId });
    assert.deepEqual(await store.find(jobId.slice(3, 9)), { is: "one", jobId });
  });
});

test("every exit code and every signal is told as it was", async () => {
  const codes = [1, 2, 3, 42, 77, 126, 127, 128, 255];
  const signals = ["HUP", "INT", "QUIT", "KILL", "USR1", "SEGV", "PIPE", "ALRM", "TERM"];
  await lab(async ({ run, ended }) => {
    const scripts = [
      ...codes.map((code) => inline(`exit ${code}`, { continueOnError: true })),
      ...signals.map((signal) => inline(`kill -${signal} $$`, { continueOnError: true })),
    ];
    const state = await ended(await run(scripts));
    codes.forEach((code, at) => {
      const { failure } = theScript(state, `s/${at + 1}`).attempts[0] ?? {};
      assert.ok(failure?.kind === "exit" || failure?.kind === "signal", `code ${code}: ${JSON.stringify(failure)}`);
      assert.equal(failure.code, code);
    });
    signals.forEach((signal, at) => {
      const { failure } = theScript(state, `s/${codes.length + at + 1}`).attempts[0] ?? {};
      assert.equal(failure?.kind === "signal" ? failure.signal : failure, `SIG${signal}`);
    });
  });
});

test("a script sees the client's environment, without its terminal, and its plan's", async () => {
  await lab(async ({ run, ended, store }) => {
    const env = { COLOUR: "a b'c\n$d", TERM: "xterm", TMUX: "x", AITHER_JOB_ID: "outer", "ODD-NAME": "1" };
    const state = await ended(
      await run(
        [
          { run: { argv: ["/usr/bin/env", "-0"], cwd: "/tmp", env: { PLANNED: "yes" }, text: null, late: false } },
          inline("umask"),
        ],
        env,
      ),
    );
    const folder = (await store.folders.find(state.id)) ?? "";
    const found = new Map(
      (await readFile(join(folder, "scripts", "s~1.1.log"), "utf8"))
        .split("\0")
        .filter((line) => line !== "")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    assert.equal(found.get("COLOUR"), env.COLOUR);
    assert.equal(found.get("ODD-NAME"), "1");
    assert.equal(found.get("PLANNED"), "yes");
    assert.equal(found.get("TERM"), undefined);
    assert.equal(found.get("TMUX"), undefined);
    assert.equal(found.get("FORCE_COLOR"), "1");
    assert.equal(found.get("AITHER_JOB_ID"), state.id);
    assert.equal(found.get("AITHER_JOB_NUMBER"), "1");
    assert.equal(found.get("AITHER_ATTEMPT"), `${state.id}/s~1.1`);
    assert.equal(found.get("AITHER_OUTPUT"), join(folder, "scripts", "s~1.1.out"));
    assert.equal(found.get("AITHER_ARTIFACTS"), join(folder, "artifacts"));
    assert.equal((await readFile(join(folder, "scripts", "s~2.1.log"), "utf8")).trim(), "0027");
  });
});

test("a text too long for an argument runs all the same", async () => {
  await lab(async ({ run, ended, store }) => {
    const state = await ended(await run([inline(`echo long\n# ${"x".repeat(200_000)}\necho end\nexit 9`)]));
    assert.equal(state.status, "Failed");
    assert.deepEqual(theScript(state, "s/1").attempts[0]?.failure, { kind: "exit", code: 9 });
    const folder = (await store.folders.find(state.id)) ?? "";
    assert.equal(await readFile(join(folder, "scripts", "s~1.1.log"), "utf8"), "long\nend\n");
  });
});

test("a working directory that is not there is the script's failure, and nothing runs", async () => {
  await lab(async ({ run, ended }) => {
    const state = await ended(
      await run([{ run: { argv: ["true"], cwd: "/no/such/place", env: {}, text: null, late: false } }]),
    );
    const { failure } = theScript(state, "s/1").attempts.at(-1) ?? {};
    assert.equal(failure?.kind, "spawn");
    assert.match(failure?.kind === "spawn" ? failure.message : "", /\/no\/such\/place/);
  });
});

test("a program that is not there ends as 127, and its log says so", async () => {
  await lab(async ({ run, ended, store }) => {
    const state = await ended(
      await run([{ run: { argv: ["no-such-program"], cwd: "/", env: {}, text: null, late: false } }]),
    );
    assert.deepEqual(theScript(state, "s/1").attempts[0]?.failure, { kind: "exit", code: 127 });
    const folder = (await store.folders.find(state.id)) ?? "";
    assert.match(await readFile(join(folder, "scripts", "s~1.1.log"), "utf8"), /no-such-program/);
  });
});

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

test("output is read by offset, followed to its last byte, and dated", async () => {
  await lab(async ({ root, engine, run, ended, store }) => {
    const gate = join(root, "gate");
    const jobId = await run([inline(`echo first; while [ ! -e ${gate} ]; do sleep 0.01; done; echo last`)]);
    const ref = { jobId, script: "s/1", attempt: 1, stream: "out" } as const;
    const pieces: string[] = [];
    const never = new AbortController().signal;
    for await (const piece of store.output.follow(ref, 0, never)) {
      pieces.push(piece.toString());
      if (pieces.join("") === "first\n") await writeFile(gate, "");
    }
    assert.equal(pieces.join(""), "first\nlast\n");
    const state = await ended(jobId);
    assert.equal(await store.output.size(ref), 11);
    const read: string[] = [];
    for await (const piece of store.output.read(ref, 6)) read.push(piece.toString());
    assert.deepEqual(read, ["last\n"]);
    const again: string[] = [];
    for await (const piece of store.output.follow(ref, 3, never)) again.push(piece.toString());
    assert.equal(again.join(""), "st\nlast\n");
    const timeOf = await store.output.times(ref);
    const at = timeOf(0);
    assert.ok(at !== null && at >= state.times.queuedAtMs - 1_000 && at <= Date.now());
    assert.equal(timeOf(11), null);
    assert.equal(engine.job(jobId)?.status, "Completed");
  });
});

test("only jobs that have ended are removed, and their numbers are not given out again", async () => {
  await lab(async ({ root, engine, run, ended, store }) => {
    const gate = join(root, "gate");
    const running = await run([inline(`while [ ! -e ${gate} ]; do sleep 0.01; done`)]);
    assert.deepEqual(await store.remove(running), { is: "active", number: 1 });
    const done = await run([inline("true")]);
    await ended(done);
    assert.deepEqual(await store.remove(done), { is: "removed", number: 2 });
    await writeFile(gate, "");
    await ended(running);
    await store.journal.retire(running);
    assert.deepEqual(
      (await store.list({ limit: 10 })).jobs.map(({ number }) => number),
      [1],
    );
    assert.deepEqual(await store.prune({ keep: 1 }), []);
    assert.deepEqual(await store.prune({ dryRun: true }), [1]);
    assert.deepEqual(await store.prune({}), [1]);
    assert.deepEqual((await store.list({ limit: 10 })).jobs, []);
    assert.deepEqual(await store.find("1"), { is: "none" });
    assert.equal(store.nextNumber(), 3);
    assert.equal(engine.job(running)?.number, 1);
  });
});
