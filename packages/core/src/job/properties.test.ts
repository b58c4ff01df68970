import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Plan, ScriptPlan } from "@aither/protocol";
import { checkCounts, checkJournal } from "../testing/invariants.ts";
import { planOf, type StageGiven } from "../testing/plans.ts";
import { jobId, World } from "../testing/world.ts";
import { evolve } from "./evolve.ts";
import { hasEnded, scriptsOf, theScript } from "./look.ts";
import { settle } from "./settle.ts";
import type { JobState } from "./state.ts";

const conditions = [
  null,
  null,
  null,
  "always()",
  "failure()",
  "cancelled()",
  "success() || failure()",
  "false",
  "Test-Path ./x",
];
const condition = fc.constantFrom(...conditions);
const ladder = fc.constantFrom<ScriptPlan["stopLadder"]>(
  [
    { signal: "TERM", afterMs: 1_000 },
    { signal: "KILL", afterMs: 0 },
  ],
  [],
  [
    { signal: "INT", afterMs: 500 },
    { signal: "TERM", afterMs: 500 },
  ],
);
const limit = fc.option(fc.integer({ min: 100, max: 20_000 }), { freq: 4 });

const script = fc.record({
  condition,
  timeoutMs: limit,
  retries: fc.nat(2),
  continueOnError: fc.boolean(),
  idempotent: fc.boolean(),
  onInterrupted: fc.constantFrom<ScriptPlan["onInterrupted"]>("resume", "fail", "ask"),
  stopLadder: ladder,
});

const stage = fc.record({
  condition,
  scripts: fc.array(script, { maxLength: 4 }),
  legs: fc.option(fc.integer({ min: 0, max: 3 })),
  /** Each earlier stage is a need, comes before, or does not matter. */
  edges: fc.array(fc.constantFrom("needs", "after", "none"), { maxLength: 4 }),
  skip: fc.boolean(),
  continueOnError: fc.boolean(),
  failFast: fc.boolean(),
  maxParallel: fc.option(fc.integer({ min: 1, max: 2 })),
  parallel: fc.integer({ min: 1, max: 3 }),
  timeoutMs: limit,
});

const plans: fc.Arbitrary<Plan> = fc
  .record({
    stages: fc.array(stage, { minLength: 1, maxLength: 5 }),
    failFast: fc.boolean(),
    maxConcurrency: fc.option(fc.integer({ min: 1, max: 2 })),
    timeoutMs: limit,
  })
  .map(({ stages, ...rest }) => planOf(stages.map(given), rest));

function given(
  { scripts, legs, edges, skip, ...rest }: typeof stage extends fc.Arbitrary<infer S> ? S : never,
  place: number,
): StageGiven {
  const earlier = (kind: string): string[] =>
    edges.flatMap((edge, at) => (edge === kind && at < place ? [`s${at}`] : []));
  const matrix = Object.fromEntries(Array.from({ length: legs ?? 0 }, (_, leg) => [`leg=${leg}`, null]));
  return {
    id: `s${place}`,
    ...rest,
    needs: earlier("needs"),
    after: earlier("after"),
    decision: skip && place % 3 === 2 ? "skip" : "run",
    scripts: scripts.map((plan, at) => ({ ...plan, name: `x${at}` })),
    ...(legs !== null && { matrix }),
  };
}

/** One thing that happens; `which` chooses among the scripts it can happen to. */
const actions = fc.array(
  fc.record({
    what: fc.constantFrom(
      "start",
      "exit",
      "fail",
      "lost",
      "not-started",
      "spawn-failed",
      "adopted",
      "pass",
      "pass",
      "pause",
      "resume",
      "cancel",
      "force",
      "skip-script",
      "skip-stage",
      "restart",
      "reboot",
      "late",
    ),
    which: fc.nat(50),
    ms: fc.integer({ min: 1, max: 15_000 }),
  }),
  { maxLength: 60 },
);

type Action = { what: string; which: number; ms: number };

function act(world: World, { what, which, ms }: Action): void {
  const under = world.running();
  const key = under[which % Math.max(1, under.length)];
  const keys = [...scriptsOf(world.state)].map((record) => record.plan.key);
  const any = keys[which % Math.max(1, keys.length)];
  const ended = { endedAtMs: world.now.wallMs + 1 };
  if (key !== undefined) {
    const ref = world.ref(key);
    if (what === "start") world.started(key);
    if (what === "exit") world.exit(key, 0, ended);
    if (what === "fail") world.exit(key, 1 + (which % 3), ended);
    if (what === "lost") world.lost(key);
    if (what === "not-started") world.notStarted(key);
    if (what === "spawn-failed") world.give({ is: "spawn-failed", ref, message: "no" });
    if (what === "adopted") world.give({ is: "adopted", ref, handle: world.handle(ref) });
  }
  if (any !== undefined && what === "skip-script") world.do("skip", { target: any });
  if (any !== undefined && what === "late") {
    const ref = { jobId, script: any, attempt: which % 3 };
    world.give({ is: "lost", ref, evidence: "an old report" });
  }
  const stages = world.state.plan.stages;
  const id = stages[which % stages.length]?.id ?? "";
  if (what === "skip-stage") world.do("skip", { target: id });
  if (what === "pass") world.pass(ms);
  if (what === "pause" || what === "resume" || what === "cancel") world.do(what);
  if (what === "force") world.do("cancel", { force: true });
  if (what === "restart") world.restart();
  if (what === "reboot") world.restart(`boot-${which}`);
}

/** Faults off: everything that runs ends, the paused is resumed, time passes. The job must end. */
function finish(world: World): void {
  for (let round = 0; !hasEnded(world.state); round += 1) {
    assert.ok(round < 500, `the job does not end: ${JSON.stringify(world.state.active)}`);
    if (world.state.status === "Paused") world.do("resume");
    for (const key of world.running()) {
      // A script may have been ended by what came of the one before.
      if (world.running().includes(key)) world.exit(key, round % 2);
    }
    world.pass(60_000);
  }
}

test("evolve∘decide never breaks an invariant, and every job can be brought to its end", () => {
  fc.assert(
    fc.property(plans, actions, fc.integer({ min: 1, max: 4 }), (plan, happenings, slots) => {
      const world = new World(plan, { slots });
      for (const action of happenings) {
        act(world, action);
        checkCounts(world.state);
      }
      finish(world);
      checkCounts(world.state);
      assert.equal(world.state.counts.pending + world.state.counts.running, 0);
      checkJournal(world.events, slots);
    }),
    { numRuns: 400 },
  );
});

test("replay equals live, and a snapshot does not change under those that hold it", () => {
  fc.assert(
    fc.property(plans, actions, (plan, happenings) => {
      const world = new World(plan, { slots: 3 });
      const snapshots: { at: number; state: JobState }[] = [];
      for (const action of happenings) {
        act(world, action);
        snapshots.push({ at: world.events.length, state: world.state });
      }
      let state: JobState | null = null;
      let next = 0;
      for (const [place, event] of world.events.entries()) {
        state = evolve(state, JSON.parse(JSON.stringify(event)));
        while (snapshots[next]?.at === place + 1) {
          assert.deepEqual(snapshots[next]?.state, state);
          next += 1;
        }
      }
      assert.equal(next, snapshots.length);
    }),
    { numRuns: 100 },
  );
});

test("settle ends, from any place of any journal", () => {
  fc.assert(
    fc.property(plans, actions, fc.nat(), (plan, happenings, cut) => {
      const world = new World(plan, { slots: 2 });
      for (const action of happenings) act(world, action);
      // A torn journal may end in the middle of what one input led to; recovery settles from there.
      let state: JobState | null = null;
      for (const event of world.events.slice(0, 1 + (cut % world.events.length))) {
        state = evolve(state, event);
      }
      assert.ok(state !== null);
      const recovered = World.from(state, world.now);
      recovered.restart();
      assert.equal(settle(recovered.state, recovered.now), null);
      finish(recovered);
    }),
    { numRuns: 200 },
  );
});

test("the retry budget holds", () => {
  fc.assert(
    fc.property(plans, actions, (plan, happenings) => {
      const world = new World(plan, { slots: 3 });
      for (const action of happenings) act(world, action);
      finish(world);
      for (const { plan: own, attempts } of scriptsOf(world.state)) {
        const failed = attempts.filter((tried) => tried.end === "failed").length;
        assert.ok(failed <= own.retries + 1, `${own.key} failed ${failed} times`);
        const scheduled = world.all("ScriptScheduled").filter((fact) => fact.script === own.key);
        assert.equal(new Set(scheduled.map((fact) => fact.attempt)).size, scheduled.length);
        assert.equal(theScript(world.state, own.key).attempts.length, scheduled.length);
      }
    }),
    { numRuns: 200 },
  );
});
