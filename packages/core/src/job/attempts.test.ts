import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fact } from "@aither/protocol";
import { planOf, type ScriptGiven } from "../testing/plans.ts";
import { jobId, World } from "../testing/world.ts";
import { toEvent } from "../number.ts";
import { effectId } from "./effects.ts";
import { evolve } from "./evolve.ts";
import { theScript } from "./look.ts";

const minute = 60_000;

function one(script: Exclude<ScriptGiven, string> | null = null, rest = {}): World {
  return new World(planOf([{ id: "s", scripts: [script ?? { name: "a" }], ...rest }]));
}

test("exit codes: what counts as success", () => {
  const cases = [
    { code: 0, end: "completed" },
    { code: 3010, end: "completed" },
    { code: 1, end: "failed" },
    { code: 7, end: "completed", successExitCodes: [0, 7] },
    { code: 3010, end: "completed", successExitCodes: [] },
    { code: 255, end: "failed" },
  ];
  for (const { code, end, ...plan } of cases) {
    const world = one({ name: "a", ...plan });
    world.exit("s/a", code);
    assert.equal(world.script("s/a"), end, `exit code ${code}`);
    assert.equal(world.state.restartRequired, code === 3010);
  }
});

test("a signal is told from an exit code", () => {
  const world = one();
  world.exit("s/a", 139, { signal: "SEGV" });
  const failure = world.all("ScriptFailed")[0]?.failure;
  assert.deepEqual(failure, { kind: "signal", signal: "SEGV", code: 139 });
  assert.match(world.state.reason, /was ended by SIGSEGV/);
});

test("an exit that is seen before its start says both", () => {
  const world = one();
  assert.deepEqual(world.exit("s/a").slice(0, 2), ["ScriptStarted", "ScriptCompleted"]);
});

test("retries wait longer each time, and the budget holds", () => {
  const world = one({
    name: "a",
    retries: 3,
    backoff: { initialMs: 1_000, factor: 3, maxMs: 5_000 },
  });
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    world.started("s/a");
    world.exit("s/a", attempt);
    const retried = world.all("ScriptRetried")[attempt - 1];
    if (retried === undefined) break;
    waits.push(retried.retryAtMs - world.now.wallMs);
    assert.equal(world.script("s/a"), "waiting");
    world.pass(retried.retryAtMs - world.now.wallMs - 1);
    assert.equal(world.script("s/a"), "waiting", "not a millisecond early");
    world.pass(1);
    assert.equal(world.script("s/a"), "scheduled");
  }
  assert.deepEqual(waits, [1_000, 3_000, 5_000]);
  assert.equal(world.script("s/a"), "failed");
  const codes = theScript(world.state, "s/a").attempts.map((tried) => tried.exitCode);
  assert.deepEqual(codes, [1, 2, 3, 4]);
});

test("retries by exit code: only the named ones, with 124 for time-outs and 128 and the number for signals", () => {
  const cases = [
    { code: 5, codes: [5], again: true },
    { code: 6, codes: [5], again: false },
    { code: 137, codes: [137], signal: "KILL", again: true },
    { code: 137, codes: [9], signal: "KILL", again: false },
    { code: 5, codes: undefined, again: true },
  ];
  for (const { code, codes, signal, again } of cases) {
    const world = one({ name: "a", retries: 1, ...(codes !== undefined && { retryExitCodes: codes }) });
    world.exit("s/a", code, signal === undefined ? {} : { signal });
    assert.equal(world.script("s/a"), again ? "waiting" : "failed", JSON.stringify({ code, codes }));
  }
  const world = one({ name: "a", retries: 1, timeoutMs: 1_000, retryExitCodes: [124] });
  world.started("s/a");
  world.pass(1_000);
  world.exit("s/a", 143);
  assert.equal(world.script("s/a"), "waiting");
});

test("silence stops a script that may not be silent, unless the job is frozen or it is not known to run", () => {
  const silent = (world: World) => world.give({ is: "silent", ref: { jobId, script: "s/a", attempt: 1 } });
  const world = one({ name: "a", noOutputTimeoutMs: 5_000 });
  assert.deepEqual(silent(world), [], "nobody saw it start");
  world.started("s/a");
  world.give({ is: "pause", by: "tester", freeze: true });
  assert.deepEqual(silent(world), [], "it stands still");
  world.do("resume");
  assert.deepEqual(silent(world), ["ScriptTerminating"]);
  assert.deepEqual(silent(world), [], "it is being stopped already");
  world.exit("s/a", 143);
  assert.deepEqual(world.all("ScriptFailed")[0]?.failure, { kind: "timeout", afterMs: 5_000, silent: true });
  const patient = one({ name: "a" });
  patient.started("s/a");
  assert.deepEqual(silent(patient), [], "it may be silent");
});

test("a script that waits for another attempt does not start while paused, and is cancelled", () => {
  const world = one({ name: "a", retries: 3 });
  world.exit("s/a", 1);
  world.do("pause");
  world.pass(minute);
  assert.equal(world.script("s/a"), "waiting");
  world.do("cancel");
  assert.equal(world.script("s/a"), "cancelled");
  assert.equal(world.state.status, "Cancelled");
});

test("an attempt that never started costs no retry; three in a row are a failure", () => {
  const world = one({ name: "a", retries: 1 });
  assert.deepEqual(world.notStarted("s/a"), ["ScriptFenced", "ScriptScheduled"]);
  assert.equal(world.ref("s/a").attempt, 2);
  world.notStarted("s/a");
  world.started("s/a");
  world.exit("s/a", 1);
  world.pass(1_000);
  assert.equal(world.ref("s/a").attempt, 4);
  world.notStarted("s/a");
  world.notStarted("s/a");
  world.notStarted("s/a");
  assert.equal(world.script("s/a"), "failed");
  const failure = world.all("ScriptFailed")[0]?.failure;
  assert.deepEqual(failure, {
    kind: "spawn",
    message: "3 attempts in a row were never started",
  });
});

test("a failed spawn is a failure like others", () => {
  const world = one({ name: "a", retries: 1 });
  world.give({ is: "spawn-failed", ref: world.ref("s/a"), message: "no such file" });
  assert.equal(world.script("s/a"), "waiting");
  world.pass(1_000);
  world.give({ is: "spawn-failed", ref: world.ref("s/a"), message: "no such file" });
  assert.equal(world.script("s/a"), "failed");
});

test("a scheduled script of a cancelled job must not start; when it did, it is stopped as soon as it is seen", () => {
  const world = one();
  world.do("cancel");
  const [ensure] = world.effects();
  assert.ok(ensure?.is === "ensure" && !ensure.mayStart);
  assert.equal(effectId(ensure), `${jobId}/ensure:s/a#1:withdrawn`);
  world.pass(minute);
  assert.deepEqual(world.started("s/a"), ["ScriptStarted", "ScriptTerminating"]);
  world.exit("s/a", 143);
  assert.equal(world.state.status, "Cancelled");

  const unseen = one();
  unseen.do("cancel");
  unseen.notStarted("s/a");
  assert.equal(unseen.script("s/a"), "cancelled");
  assert.equal(unseen.state.status, "Cancelled");
});

test("a stage's time limit stops what runs, skips the rest and lets clean-up run", () => {
  const world = new World(
    planOf([
      {
        id: "s",
        timeoutMs: 10 * minute,
        scripts: [{ name: "a", retries: 5 }, "b", { name: "clean", condition: "failure()" }],
      },
      { id: "t", after: ["s"] },
    ]),
  );
  world.started("s/a");
  world.pass(10 * minute);
  assert.equal(world.script("s/a"), "terminating");
  assert.equal(world.script("s/b"), "skipped");
  world.exit("s/a", 143, { signal: "TERM" });
  assert.equal(world.script("s/a"), "failed", "no attempt comes after the limit");
  assert.deepEqual(world.running(), ["s/clean"]);
  world.exit("s/clean");
  assert.equal(world.stage("s"), "Failed");
  assert.equal(world.stage("t"), "Skipped");
  assert.equal(world.state.status, "Failed");
});

test("a job's time limit fails the job, even when nothing was running", () => {
  const world = new World(planOf([{ id: "s" }, { id: "t", needs: ["s"] }], { timeoutMs: minute }), {
    slots: 0,
  });
  world.pass(minute);
  assert.equal(world.state.status, "Failed");
  assert.equal(world.script("s/only"), "skipped");
  assert.equal(world.script("t/only"), "skipped");
});

test("time asleep does not count for a time limit, and a restarted daemon goes on counting", () => {
  const world = one({ name: "a", timeoutMs: 10_000 });
  world.started("s/a");
  world.now = { ...world.now, wallMs: world.now.wallMs + 60 * minute };
  assert.deepEqual(world.pass(1), [], "the machine slept for an hour");
  world.restart();
  world.pass(20_000);
  assert.equal(world.script("s/a"), "running", "no limit acts before the process was seen");
  const ref = world.ref("s/a");
  assert.deepEqual(world.give({ is: "adopted", ref, handle: world.handle(ref) }), [
    "ScriptAdopted",
    "ScriptTerminating",
  ]);
});

test("the time limit counts from the true start", () => {
  const world = one({ name: "a", timeoutMs: 10_000 });
  const ref = world.ref("s/a");
  const handle = { ...world.handle(ref), startedAtMs: world.now.wallMs - 4_000 };
  world.give({ is: "adopted", ref, handle });
  assert.deepEqual(world.pass(5_999), []);
  assert.deepEqual(world.pass(1), ["ScriptTerminating"]);
});

test("adoption is a fact once a restart, and means nothing to what is being stopped", () => {
  const world = one();
  world.started("s/a");
  const ref = world.ref("s/a");
  const adopted = { is: "adopted", ref, handle: world.handle(ref) } as const;
  assert.deepEqual(world.give(adopted), []);
  world.restart();
  assert.deepEqual(world.give(adopted), ["ScriptAdopted"]);
  assert.deepEqual(world.give(adopted), []);
  world.do("cancel");
  world.restart();
  assert.deepEqual(world.give(adopted), []);
});

test("what vanished while it was being stopped ends as it was to end", () => {
  const world = one();
  world.started("s/a");
  world.do("cancel");
  world.lost("s/a");
  assert.equal(world.script("s/a"), "cancelled");
});

test("progress and outputs on the way", () => {
  const world = one();
  world.started("s/a");
  const ref = world.ref("s/a");
  assert.deepEqual(world.give({ is: "progressed", ref, percent: 40, note: "linking" }), ["ScriptProgressed"]);
  assert.deepEqual(world.give({ is: "progressed", ref, percent: 40, note: "linking" }), []);
});

test("effects have stable ids, and an ended job owes nothing", () => {
  const world = one({ name: "a", timeoutMs: 10_000, retries: 1 });
  assert.deepEqual(world.effects().map(effectId), [`${jobId}/ensure:s/a#1`]);
  world.started("s/a");
  assert.deepEqual(world.effects().map(effectId), [`${jobId}/ensure:s/a#1`, `${jobId}/timer:deadline:s/a#1`]);
  world.pass(10_000);
  assert.deepEqual(world.effects().map(effectId), [
    `${jobId}/ensure:s/a#1`,
    `${jobId}/signal:s/a#1:0`,
    `${jobId}/timer:stop:s/a#1:0`,
  ]);
  world.exit("s/a", 143);
  assert.deepEqual(world.effects().map(effectId), [`${jobId}/timer:retry:s/a#1`]);
  world.do("cancel");
  assert.deepEqual(world.effects(), []);
});

test("an interruption costs no retry", () => {
  const world = one({ name: "a", retries: 1, onInterrupted: "resume", idempotent: true });
  world.started("s/a");
  world.lost("s/a");
  world.started("s/a");
  world.exit("s/a", 1);
  assert.equal(world.script("s/a"), "waiting");
  assert.equal(theScript(world.state, "s/a").failures, 1);
});

test("what ended in time while no daemon looked is not stopped by its stage's limit", () => {
  const world = one(null, { timeoutMs: minute });
  world.started("s/a");
  const endedAtMs = world.now.wallMs + 1_000;
  world.now = { ...world.now, wallMs: world.now.wallMs + 9 * minute, monotonicMs: 9 * minute };
  assert.deepEqual(world.restart(), ["OrchestrationRecovered"]);
  assert.equal(world.script("s/a"), "running");
  world.exit("s/a", 0, { endedAtMs });
  assert.equal(world.script("s/a"), "completed");
  assert.equal(world.state.status, "Completed");
});

test("a time-out says which limit it was", () => {
  const cases = [
    { own: 5_000, stage: null, job: null, is: 5_000 },
    { own: 50_000, stage: 20_000, job: null, is: 20_000 },
    { own: null, stage: 20_000, job: null, is: 20_000 },
    { own: null, stage: null, job: 30_000, is: 30_000 },
    { own: 50_000, stage: 40_000, job: 30_000, is: 30_000 },
  ];
  for (const { own, stage, job, is } of cases) {
    const stages = [{ id: "s", timeoutMs: stage, scripts: [{ name: "a", timeoutMs: own }] }];
    const world = new World(planOf(stages, { timeoutMs: job }));
    world.started("s/a");
    world.pass(is);
    world.exit("s/a", 143, { signal: "TERM" });
    const failure = world.all("ScriptFailed")[0]?.failure;
    assert.deepEqual(failure, { kind: "timeout", afterMs: is });
  }
});

test("inner scripts come right after the one that brought them", () => {
  const world = one({ name: "a" }, {});
  world.started("s/a");
  const inner = { ...theScript(world.state, "s/a").plan, key: "s/a/inner", name: "inner" };
  const fact: Fact = { type: "ScriptExpanded", script: "s/a", scripts: [inner] };
  const seq = world.state.seq + 1;
  const state = evolve(world.state, toEvent(fact, { seq, jobId, now: world.now }));
  assert.equal(state.counts.total, 2);
  const next = World.from(state, world.now);
  next.exit("s/a");
  assert.deepEqual(next.running(), ["s/a/inner"]);
  next.exit("s/a/inner");
  assert.equal(next.state.status, "Completed");
});

test("the death of a daemon is no failure to start: however often it dies, the script runs in the end", () => {
  const world = one();
  for (let death = 0; death < 10; death += 1) {
    world.restart();
    assert.deepEqual(world.notStarted("s/a"), ["ScriptFenced", "ScriptScheduled"]);
  }
  // Of a daemon that lives, three in a row are one too many.
  world.notStarted("s/a");
  world.notStarted("s/a");
  assert.equal(world.script("s/a"), "scheduled");
  world.notStarted("s/a");
  assert.equal(world.script("s/a"), "failed");
});
