import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobState } from "@aither/core";
import { behaviour } from "./behaviour.ts";
import { Engine } from "./engine.ts";
import type { Outcome, WatchItem } from "./face.ts";
import { type FakeJournal, fakes, nextTurn, plan, request, until } from "./testing/fakes.ts";

async function started(journal?: FakeJournal) {
  const world = fakes(journal);
  const engine = new Engine(world.options);
  const published: string[] = [];
  engine.onPublished(({ event }) => published.push(`${event.jobId} ${event.seq} ${event.type}`));
  await engine.start();
  return { ...world, engine, published };
}

function valueOf(outcome: Outcome<JobState>): JobState {
  assert.ok(outcome.ok, outcome.ok ? "" : outcome.problem.detail);
  return outcome.value;
}

function codeOf(outcome: Outcome<JobState>): string {
  return outcome.ok ? "ok" : outcome.problem.code;
}

/** Plays a job of one script to its end. */
async function play(world: Awaited<ReturnType<typeof started>>): Promise<JobState> {
  const state = valueOf(await world.engine.startJob(request()));
  const ref = { jobId: state.id, script: "s/1", attempt: 1 };
  world.executor.exited(ref);
  await until(() => world.engine.job(state.id)?.status === "Completed");
  return state;
}

test("a job is neither answered, published nor started before its facts are on disk", async () => {
  const { engine, journal, executor, published } = await started();
  const open = journal.hold();
  let answered = false;
  const starting = engine.startJob(request()).finally(() => (answered = true));
  await until(() => journal.appends.length === 1);
  await nextTurn();
  assert.equal(answered, false);
  assert.deepEqual(published, []);
  assert.deepEqual(executor.ensured, []);
  open();
  const state = valueOf(await starting);
  assert.equal(state.status, "Running");
  assert.deepEqual(published, [
    "job-1 1 OrchestrationQueued",
    "job-1 2 OrchestrationStarted",
    "job-1 3 StageStarted",
    "job-1 4 ScriptScheduled",
  ]);
  assert.equal(executor.ensured.length, 1);
});

test("what comes in while the disk is busy is written together", async () => {
  const { engine, journal } = await started();
  const { id } = valueOf(await engine.startJob(request()));
  const open = journal.hold();
  const first = engine.submit(id, { is: "pause", by: "test" });
  await until(() => journal.appends.length === 2);
  const rest = [
    engine.submit(id, { is: "resume", by: "test" }),
    engine.submit(id, { is: "cancel", by: "test", force: true }),
    engine.startJob(request()),
  ];
  await nextTurn();
  open();
  for (const outcome of await Promise.all([first, ...rest])) valueOf(outcome);
  assert.deepEqual(
    journal.appends.slice(1).map(({ jobId, types }) => `${jobId} ${types[0]}`),
    ["job-1 OrchestrationPaused", "job-1 OrchestrationResumed", "job-2 OrchestrationQueued"],
  );
});

test("a repeated request is the same job: at once, later, and after a restart", async () => {
  const { engine, journal } = await started();
  const twice = [1, 2].map(() => engine.startJob(request({ requestId: "r" })));
  const ids = (await Promise.all(twice)).map((outcome) => valueOf(outcome).id);
  assert.deepEqual(ids, ["job-1", "job-1"]);
  assert.equal(valueOf(await engine.startJob(request({ requestId: "r" }))).id, "job-1");
  await engine.stop();
  const later = await started(journal);
  assert.equal(valueOf(await later.engine.startJob(request({ requestId: "r" }))).id, "job-1");
  assert.equal(valueOf(await later.engine.startJob(request({ requestId: "another" }))).id, "job-2");
});

test("a job that cannot be prepared is refused, and nothing is written", async () => {
  const { engine, journal, fatal } = await started();
  const prepare = (): Promise<void> => Promise.reject(new Error("ENOSPC"));
  assert.equal(codeOf(await engine.startJob(request({ prepare, requestId: "r" }))), "AITHER_E_DISK_FAILED");
  assert.deepEqual(journal.appends, []);
  assert.deepEqual(fatal, []);
  valueOf(await engine.startJob(request({ requestId: "r" })));
});

test("where a sync failed, the job is refused and nothing more is taken: the next sync may say yes and mean nothing", async () => {
  const world = fakes();
  const lost = new Error("could not put it on disk");
  const engine = new Engine({ ...world.options, isFatal: (error) => error === lost });
  await engine.start();
  const failing = { ...request(), prepare: async () => Promise.reject(lost) };
  assert.equal(codeOf(await engine.startJob(failing)), "AITHER_E_DISK_FAILED");
  assert.deepEqual(world.fatal, [lost]);
  assert.equal(codeOf(await engine.startJob(request())), "AITHER_E_DISK_FAILED");
  assert.deepEqual(world.journal.appends, []);
});

test("when the disk fails nothing is published, everybody is told, and nothing more is taken", async () => {
  const { engine, journal, fatal, published, executor } = await started();
  const { id } = valueOf(await engine.startJob(request()));
  const before = published.length;
  journal.fails = new Error("EIO");
  const asked = [engine.submit(id, { is: "pause", by: "test" }), engine.startJob(request())];
  for (const outcome of await Promise.all(asked)) assert.equal(codeOf(outcome), "AITHER_E_DISK_FAILED");
  journal.fails = null;
  executor.exited({ jobId: id, script: "s/1", attempt: 1 });
  assert.equal(codeOf(await engine.submit(id, { is: "pause", by: "test" })), "AITHER_E_DISK_FAILED");
  await nextTurn();
  assert.equal(published.length, before);
  assert.equal(fatal.length, 1);
  assert.equal(engine.job(id)?.status, "Running");
});

test("commands for jobs that are not there or have ended are refused", async () => {
  const world = await started();
  const { id } = await play(world);
  assert.equal(codeOf(await world.engine.submit("nobody", { is: "pause", by: "test" })), "AITHER_E_JOB_NOT_FOUND");
  assert.equal(codeOf(await world.engine.submit(id, { is: "pause", by: "test" })), "AITHER_E_JOB_ENDED");
});

test("a bug that one command runs into is that command's, and the engine goes on", async () => {
  const world = fakes();
  const decide: typeof behaviour.decide = (state, input, now) => {
    if (input.is === "skip") throw new Error("assertion failed: planted");
    return behaviour.decide(state, input, now);
  };
  const engine = new Engine({ ...world.options, behaviour: { ...behaviour, decide } });
  await engine.start();
  const { id } = valueOf(await engine.startJob(request()));
  const skip = { is: "skip", by: "test", reason: "", target: { stage: "s" } } as const;
  assert.equal(codeOf(await engine.submit(id, skip)), "AITHER_E_INTERNAL");
  assert.equal(valueOf(await engine.submit(id, { is: "pause", by: "test" })).status, "Paused");
});

test("an ended job is let go: its attempt, its place among the active ones; its state is remembered", async () => {
  const world = await started();
  const { id } = await play(world);
  await until(() => world.journal.active.size === 0);
  assert.deepEqual(world.executor.released, [{ jobId: id, script: "s/1", attempt: 1 }]);
  assert.equal([...world.engine.jobs()].length, 1);
});

test("a new daemon asks for what the old one had asked for, and says that it may still be on its way", async () => {
  const first = await started();
  const { id } = valueOf(await first.engine.startJob(request({ plan: plan([{}, {}]) })));
  await first.engine.stop();
  const { engine, executor, journal } = await started(first.journal);
  assert.equal(journal.types(id).at(-1), "OrchestrationRecovered");
  assert.deepEqual(
    executor.ensured.map(({ ref, mayStart, recovering }) => ({ attempt: ref.attempt, mayStart, recovering })),
    [{ attempt: 1, mayStart: true, recovering: true }],
  );
  executor.observe({ is: "not-started", ref: { jobId: id, script: "s/1", attempt: 1 } });
  await until(() => executor.ensured.length === 2);
  const { ref, recovering } = executor.ensured[1] ?? {};
  assert.deepEqual({ attempt: ref?.attempt, recovering }, { attempt: 2, recovering: false });
  assert.equal(engine.job(id)?.status, "Running");
});

test("jobs that ended unnoticed, and journals without a first event, are taken off the list", async () => {
  const first = await started();
  const { id } = await play(first);
  await first.engine.stop();
  first.journal.active.add(id);
  first.journal.active.add("torn");
  const { engine, journal } = await started(first.journal);
  assert.deepEqual([...journal.active], []);
  assert.equal(engine.job(id)?.status, "Completed");
  assert.equal(engine.job("torn"), undefined);
  assert.equal(journal.types(id).at(-1), "OrchestrationCompleted");
});

test("templates are filled in just before a start; where that fails, so does the start", async () => {
  const { engine, executor, journal } = await started();
  const late = { argv: ["sh", "-c"], cwd: "/", text: "true", late: true };
  const good = { run: { ...late, env: { STATUS: "${{ job.status }}" } } };
  const bad = { run: { ...late, env: { X: "${{ fromJSON('no json') }}" } } };
  const { id } = valueOf(await engine.startJob(request({ plan: plan([good, bad]) })));
  const run = executor.ensured[0]?.script.run;
  assert.deepEqual(run?.env, { STATUS: "success" });
  assert.equal(run?.late, false);
  executor.exited({ jobId: id, script: "s/1", attempt: 1 });
  await until(() => engine.job(id)?.status === "Failed");
  assert.equal(executor.ensured.length, 1);
  const failed = journal.files.get(id)?.find(({ type }) => type === "ScriptFailed");
  assert.ok(failed?.type === "ScriptFailed" && failed.failure.kind === "spawn");
});

test("an engine that stops finishes what it took and takes no more", async () => {
  const { engine, published } = await started();
  const starting = engine.startJob(request());
  const stopping = engine.stop();
  valueOf(await starting);
  await stopping;
  assert.ok(published.length > 0);
  assert.equal(codeOf(await engine.startJob(request())), "AITHER_E_STOPPING");
});

async function collect(items: AsyncIterable<WatchItem>): Promise<string[]> {
  const seen: string[] = [];
  for await (const item of items) {
    if (item.is === "event") seen.push(`${item.event.seq}`);
    else seen.push(item.is === "snapshot" ? `snapshot ${item.state.seq}` : item.is);
  }
  return seen;
}

test("a watcher gets a snapshot, what follows, and the end; another all events from where it says", async () => {
  const world = await started();
  const { id } = valueOf(await world.engine.startJob(request()));
  const snapshot = collect(world.engine.watch(id, {}));
  const late = collect(world.engine.watch(id, { after: 2 }));
  const all = collect(world.engine.watch(id, { after: 0 }));
  await nextTurn();
  world.executor.exited({ jobId: id, script: "s/1", attempt: 1 });
  assert.deepEqual(await snapshot, ["snapshot 4", "5", "6", "7", "8", "end"]);
  assert.deepEqual(await late, ["3", "4", "5", "6", "7", "8", "end"]);
  assert.deepEqual(await all, ["1", "2", "3", "4", "5", "6", "7", "8", "end"]);
  assert.deepEqual(await collect(world.engine.watch(id, { after: 6 })), ["7", "8", "end"]);
  assert.deepEqual(await collect(world.engine.watch(id, {})), ["snapshot 8", "end"]);
  assert.deepEqual(await collect(world.engine.watch("nobody", {})), []);
});

test("a watcher can leave at any time, and an engine that stops lets all of them go", async () => {
  const { engine } = await started();
  const { id } = valueOf(await engine.startJob(request()));
  const leave = new AbortController();
  const left = collect(engine.watch(id, { signal: leave.signal }));
  const stays = collect(engine.watch(id, {}));
  await nextTurn();
  leave.abort();
  assert.deepEqual(await left, ["snapshot 4"]);
  await engine.stop();
  assert.deepEqual(await stays, ["snapshot 4"]);
});

test("a watcher that is too slow is cut and told where to go on", async () => {
  const world = fakes();
  const engine = new Engine({ ...world.options, watchEventsMax: 2 });
  await engine.start();
  const { id } = valueOf(await engine.startJob(request()));
  const watching = engine.watch(id, {})[Symbol.asyncIterator]();
  assert.equal((await watching.next()).value?.is, "snapshot");
  world.executor.exited({ jobId: id, script: "s/1", attempt: 1 });
  await until(() => engine.job(id)?.status === "Completed");
  assert.deepEqual((await watching.next()).value, { is: "cut", after: 4 });
  assert.deepEqual(await collect(engine.watch(id, { after: 4 })), ["5", "6", "7", "8", "end"]);
});

test("each command is answered with what it did, also when the next one undoes it in the same turn", async () => {
  const { engine, journal } = await started();
  const { id } = valueOf(await engine.startJob(request()));
  const open = journal.hold();
  const first = engine.submit(id, { is: "skip", by: "test", reason: "", target: { script: "s/1" } });
  await until(() => journal.appends.length === 2);
  const pausing = engine.submit(id, { is: "pause", by: "test" });
  const resuming = engine.submit(id, { is: "resume", by: "test" });
  open();
  valueOf(await first);
  assert.deepEqual([valueOf(await pausing).status, valueOf(await resuming).status], ["Paused", "Running"]);
  assert.equal(journal.appends.length, 3);
});

test("a job whose events do not fit together is set aside, and the others go on", async () => {
  const first = await started();
  const broken = valueOf(await first.engine.startJob(request()));
  const sound = valueOf(await first.engine.startJob(request()));
  await first.engine.stop();
  const file = first.journal.files.get(broken.id)!;
  const at = file.findIndex(({ type }) => type === "ScriptScheduled");
  first.journal.files.set(
    broken.id,
    file.map((event, place) => (place === at ? ({ ...event, script: "s/nobody" } as typeof event) : event)),
  );
  const next = await started(first.journal);
  assert.deepEqual(next.journal.aside, [`${broken.id} ${at + 1}`]);
  assert.equal(next.engine.job(broken.id), undefined);
  assert.equal(next.engine.job(sound.id)?.status, "Running");
});
