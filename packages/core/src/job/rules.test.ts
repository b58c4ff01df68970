import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "@aither/protocol";
import { AssertionError } from "../assert.ts";
import { planOf } from "../testing/plans.ts";
import { jobId, World } from "../testing/world.ts";
import { decide } from "./decide.ts";
import { evolve } from "./evolve.ts";
import type { Input } from "./input.ts";

/** The rules that are easy to get wrong, each by its name (docs/events.md speaks of them). */

const minute = 60_000;

test("nothing-after-the-end", () => {
  const world = new World(planOf([{ id: "build" }]));
  const ref = world.ref("build/only");
  world.exit("build/only");
  assert.equal(world.state.status, "Completed");
  const inputs: Input[] = [
    { is: "cancel", by: "x", force: true },
    { is: "pause", by: "x" },
    { is: "resume", by: "x" },
    { is: "skip", by: "x", reason: "", target: { stage: "build" } },
    { is: "lost", ref, evidence: "gone" },
    { is: "daemon-started", jobId, daemonId: "d", downSince: null },
    { is: "slot-granted", jobId, script: "build/only", executor: "local" },
  ];
  for (const input of inputs) {
    assert.deepEqual(decide(world.state, input, world.now), [], input.is);
  }
  const late = { ...world.events.at(-1), seq: world.state.seq + 1 } as Event;
  assert.throws(() => evolve(world.state, late), AssertionError);
});

test("an-attempt-ends-once", () => {
  const world = new World(planOf([{ id: "build", scripts: ["a", "b"] }]));
  world.started("build/a");
  world.exit("build/a", 0);
  const again = {
    is: "exited",
    ref: { jobId, script: "build/a", attempt: 1 },
    exitCode: 1,
    signal: null,
    endedAtMs: 0,
    handle: world.handle({ jobId, script: "build/a", attempt: 1 }),
    outputs: {},
    leftovers: [],
  } as const;
  assert.deepEqual(decide(world.state, again, world.now), []);
  const ended = world.all("ScriptCompleted")[0];
  const twice = { ...ended, seq: world.state.seq + 1 } as Event;
  assert.throws(() => evolve(world.state, twice), /build\/a is completed/);
});

test("a-late-report-of-an-old-attempt-is-ignored", () => {
  const world = new World(planOf([{ id: "build", scripts: [{ name: "a", retries: 1 }] }]));
  const old = world.ref("build/a");
  world.started("build/a");
  world.exit("build/a", 1);
  world.pass(1_000);
  assert.equal(world.ref("build/a").attempt, 2);
  const reports: Input[] = [
    { is: "started", ref: old, handle: world.handle(old) },
    { is: "adopted", ref: old, handle: world.handle(old) },
    { is: "lost", ref: old, evidence: "gone" },
    { is: "not-started", ref: old },
    { is: "spawn-failed", ref: old, message: "no" },
    { is: "progressed", ref: old, percent: 5 },
  ];
  for (const report of reports) {
    assert.deepEqual(decide(world.state, report, world.now), [], report.is);
  }
  assert.equal(world.script("build/a"), "scheduled");
});

test("no-script-starts-while-paused", () => {
  const world = new World(
    planOf([
      { id: "build", scripts: ["a", "b"] },
      { id: "test", after: ["build"] },
    ]),
  );
  world.started("build/a");
  world.do("pause");
  world.exit("build/a");
  assert.deepEqual(world.running(), []);
  const granted: Input = { is: "slot-granted", jobId, script: "build/b", executor: "local" };
  assert.deepEqual(decide(world.state, granted, world.now), []);
  world.do("resume");
  assert.deepEqual(world.running(), ["build/b"]);
  world.do("pause");
  world.exit("build/b");
  assert.equal(world.stage("test"), "Pending");
  world.do("resume");
  assert.deepEqual(world.running(), ["test/only"]);
});

test("no-script-starts-after-cancel", () => {
  const world = new World(
    planOf([
      { id: "build", scripts: ["a", "b", { name: "c", condition: "failure()" }] },
      { id: "test", after: ["build"] },
    ]),
  );
  world.started("build/a");
  world.do("cancel");
  assert.equal(world.script("build/a"), "terminating");
  assert.equal(world.script("build/b"), "cancelled");
  assert.equal(world.script("build/c"), "cancelled");
  assert.equal(world.stage("test"), "Cancelled");
  assert.equal(world.script("test/only"), "cancelled");
  world.exit("build/a", 143, { signal: "TERM", endedAtMs: world.now.wallMs + 5 });
  assert.equal(world.script("build/a"), "cancelled");
  assert.equal(world.state.status, "Cancelled");
  assert.equal(world.all("ScriptScheduled").length, 1);
});

test("after a cancel, scripts whose condition names always() or cancelled() still run", () => {
  for (const condition of ["always()", "${{ cancelled() }}", "ALWAYS ( )"]) {
    const world = new World(planOf([{ id: "build", scripts: ["a", "b", { name: "clean", condition }] }]));
    world.started("build/a");
    world.do("cancel");
    world.exit("build/a", 143, { signal: "TERM" });
    assert.deepEqual(world.running(), ["build/clean"], condition);
    world.exit("build/clean");
    assert.equal(world.script("build/clean"), "completed");
    assert.equal(world.state.status, "Cancelled");
  }
});

test("a condition that names a status function in quotes gets no second chance", () => {
  const world = new World(planOf([{ id: "build", scripts: ["a", { name: "b", condition: "'always()' != ''" }] }]));
  world.do("cancel");
  assert.equal(world.script("build/b"), "cancelled");
});

test("a stage whose condition names always() runs after a cancel, as if nothing had happened", () => {
  const world = new World(
    planOf([{ id: "build" }, { id: "report", needs: ["build"], condition: "always()", scripts: ["r", "s"] }]),
  );
  world.do("cancel");
  world.exit("build/only", 143);
  assert.deepEqual(world.running(), ["report/r"]);
  world.exit("report/r");
  assert.deepEqual(world.running(), ["report/s"]);
  world.exit("report/s");
  assert.equal(world.stage("report"), "Completed");
  assert.equal(world.state.status, "Cancelled");
});

test("force, or a second cancel, also stops what may run after a cancel", () => {
  for (const force of [true, false]) {
    const world = new World(planOf([{ id: "build", scripts: ["a", { name: "clean", condition: "always()" }] }]));
    world.started("build/a");
    world.do("cancel");
    world.exit("build/a", 143, { endedAtMs: world.now.wallMs + 1 });
    world.started("build/clean");
    world.do("cancel", { force });
    assert.equal(world.script("build/clean"), "terminating");
    assert.deepEqual(world.do("cancel"), [], "a third cancel means nothing new");
    world.exit("build/clean", 143, { endedAtMs: world.now.wallMs + 1 });
    assert.equal(world.state.status, "Cancelled");
  }
});

test("a-job-with-nothing-left-to-do-is-ended", () => {
  const world = new World(
    planOf([
      { id: "build", scripts: ["a", "b"] },
      { id: "test", after: ["build"], scripts: ["c", "d"] },
    ]),
  );
  world.started("build/a");
  world.do("pause");
  world.exit("build/a");
  world.do("skip", { target: "build/b" });
  assert.equal(world.state.status, "Paused");
  world.do("skip", { target: "test/c" });
  world.do("skip", { target: "test/d" });
  assert.equal(world.state.status, "Completed");
});

test("a-stage-starts-after-its-needs", () => {
  const world = new World(
    planOf([{ id: "a" }, { id: "b" }, { id: "c", needs: ["a", "b"] }, { id: "d", needs: ["c"] }]),
  );
  assert.deepEqual(world.running(), ["a/only", "b/only"]);
  world.exit("a/only");
  assert.equal(world.stage("c"), "Pending");
  world.exit("b/only");
  assert.deepEqual(world.running(), ["c/only"]);
  const early = new World(planOf([{ id: "a" }, { id: "b", needs: ["a"] }]));
  const fact: Event = {
    v: 1,
    seq: early.state.seq + 1,
    time: "2026-01-01T00:00:00.000Z",
    jobId,
    type: "StageStarted",
    stage: "b",
  };
  assert.throws(() => evolve(early.state, fact), /stage b starts after its needs/);
});

test("a-cancelled-job-ends-within-the-grace", () => {
  const world = new World(
    planOf([
      {
        id: "build",
        scripts: [
          {
            name: "deaf",
            condition: "always()",
            stopLadder: [
              { signal: "INT", afterMs: 7_500 },
              { signal: "TERM", afterMs: 2_500 },
              { signal: "KILL", afterMs: 0 },
            ],
          },
          { name: "more", condition: "always()" },
        ],
      },
    ]),
  );
  world.started("build/deaf");
  world.do("cancel");
  assert.equal(world.script("build/deaf"), "running", "it may clean up for five minutes");
  world.pass(5 * minute - 1);
  assert.equal(world.script("build/deaf"), "running");
  assert.deepEqual(world.pass(1), ["ScriptTerminating", "ScriptCancelled"]);
  world.pass(7_500);
  world.pass(2_500);
  const signals = world.all("ScriptTerminating").map((event) => event.signal);
  assert.deepEqual(signals, ["INT", "TERM"]);
  assert.equal(world.all("ScriptKilling").length, 1);
  const signal = world.effects().find((effect) => effect.is === "signal");
  assert.equal(signal?.is === "signal" && signal.signal, "KILL");
  world.exit("build/deaf", 137, { signal: "KILL" });
  assert.equal(world.state.status, "Cancelled");
});

test("a-timeout-counts-as-failure-and-may-be-retried", () => {
  const world = new World(planOf([{ id: "build", scripts: [{ name: "slow", timeoutMs: 10_000, retries: 1 }] }]));
  world.started("build/slow");
  world.pass(9_999);
  assert.equal(world.script("build/slow"), "running");
  world.pass(1);
  assert.equal(world.all("ScriptTerminating")[0]?.cause, "timeout");
  world.exit("build/slow", 143, { signal: "TERM" });
  assert.deepEqual(world.all("ScriptRetried")[0]?.failure, { kind: "timeout", afterMs: 10_000 });
  world.pass(1_000);
  world.started("build/slow");
  world.pass(10_000);
  world.exit("build/slow", 0);
  assert.deepEqual(world.all("ScriptFailed")[0]?.failure, { kind: "timeout", afterMs: 10_000 });
  assert.equal(world.state.status, "Failed");
  assert.match(world.state.reason, /`build` failed: `slow` took longer than 10 s \(2 attempts\)/);
});

test("an-interrupted-script-is-retried-only-if-idempotent", () => {
  // Planning makes `resume` of `idempotent: true`, and `fail` of a script that says nothing.
  const cases = [
    { onInterrupted: "resume", end: "scheduled" },
    { onInterrupted: "fail", end: "failed" },
    { onInterrupted: "fail", retries: 5, end: "failed" },
  ] as const;
  for (const { end, ...policy } of cases) {
    const world = new World(planOf([{ id: "build", scripts: [{ name: "a", ...policy }] }]));
    world.started("build/a");
    world.lost("build/a");
    assert.equal(world.script("build/a"), end, JSON.stringify(policy));
  }
});

test("a script that is interrupted again and again is not run for ever", () => {
  const world = new World(
    planOf([{ id: "build", scripts: [{ name: "a", idempotent: true, onInterrupted: "resume" }] }]),
  );
  for (let round = 0; round < 4; round += 1) {
    world.started("build/a");
    world.lost("build/a");
  }
  assert.equal(world.script("build/a"), "failed");
  assert.equal(world.all("ScriptScheduled").length, 4);
});

test("onInterrupted: ask pauses the job; resume runs it again, cancel ends it", () => {
  const plan = planOf([
    { id: "build", scripts: [{ name: "a", onInterrupted: "ask" }] },
    { id: "other", scripts: ["x", "y"] },
  ]);
  const world = new World(plan);
  world.started("build/a");
  assert.deepEqual(world.lost("build/a"), ["ScriptInterrupted", "OrchestrationPaused"]);
  assert.equal(world.state.status, "Paused");
  assert.match(world.state.reason, /`a` was interrupted .*resume runs it again/);
  world.exit("other/x");
  assert.equal(world.script("build/a"), "interrupted", "nothing but an answer changes it");
  const cancelled = new World(plan);
  cancelled.lost("build/a");
  cancelled.do("cancel");
  assert.equal(cancelled.script("build/a"), "cancelled");
  world.do("resume");
  assert.equal(world.script("build/a"), "scheduled");
  assert.equal(world.ref("build/a").attempt, 2);
  assert.equal(world.script("other/y"), "scheduled");
});

test("skipping-is-not-failing", () => {
  const world = new World(
    planOf([
      { id: "build", scripts: ["a", "b"] },
      { id: "test", after: ["build"], decision: "skip", reason: "excluded by profile quick" },
      { id: "pack", after: ["test"], scripts: [{ name: "p", condition: "'' == 'x'" }] },
    ]),
  );
  world.started("build/a");
  world.do("skip", { target: "build/a", reason: "I know better" });
  assert.equal(world.script("build/a"), "terminating");
  world.exit("build/a", 143, { signal: "TERM" });
  assert.equal(world.script("build/a"), "skipped");
  world.exit("build/b");
  assert.equal(world.stage("test"), "Skipped");
  assert.equal(world.script("pack/p"), "skipped");
  assert.equal(world.state.status, "Completed");
  assert.equal(world.state.counts.skipped, 3);
});
