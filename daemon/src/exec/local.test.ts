import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { theScript } from "@aither/core";
import { lab } from "../testing/lab.ts";
import { inline } from "../testing/plans.ts";

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

test("output is read by offset, followed to its last byte, and dated", async () => {
  await lab(async ({ root, engine, run, ended, store }) => {
    const gate = join(root, "gate");
    const jobId = await run([inline(`echo first; while [ ! -e ${gate} ]; do sleep 0.01; done; echo last`)]);
    const ref = { jobId, script: "s/1", attempt: 1, stream: "out" } as const;
    const pieces: string[] = [];
    const never = new AbortController().signal;
    for await (const piece of store.output.follow(ref, 0, never)) {
      pieces.push(piece.bytes.toString());
      if (pieces.join("") === "first\n") await writeFile(gate, "");
    }
    assert.equal(pieces.join(""), "first\nlast\n");
    const state = await ended(jobId);
    assert.equal(await store.output.size(ref), 11);
    const read: string[] = [];
    for await (const piece of store.output.read(ref, 6)) read.push(piece.bytes.toString());
    assert.deepEqual(read, ["last\n"]);
    const again: string[] = [];
    for await (const piece of store.output.follow(ref, 3, never)) again.push(piece.bytes.toString());
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
