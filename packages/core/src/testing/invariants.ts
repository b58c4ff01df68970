import assert from "node:assert/strict";
import type { Counts, Event } from "@aither/protocol";
import { bucketOf, isActive } from "../job/fold/put.ts";
import { evolve } from "../job/evolve.ts";
import { legsOf, scriptEnded, scriptsOf, stageEnded, stageOf, stagesOf, theScript } from "../job/look.ts";
import type { JobState, LegState } from "../job/state.ts";
import { statusFunctionsOf } from "../job/status-functions.ts";

/** What the fold keeps beside the records is what counting them anew gives. */
export function checkCounts(state: JobState): void {
  const counts: Counts = {
    total: 0,
    pending: 0,
    running: 0,
    completed: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
  };
  const active = new Set<string>();
  let slotsTaken = 0;
  for (const record of scriptsOf(state)) {
    counts.total += 1;
    counts[bucketOf(record.state)] += 1;
    if (isActive(record.state)) active.add(record.plan.key);
    if (["scheduled", "running", "terminating"].includes(record.state.is)) slotsTaken += 1;
  }
  assert.deepEqual(state.counts, counts);
  assert.equal(state.slotsTaken, slotsTaken);
  assert.deepEqual(new Set(state.active), active);
  assert.equal(state.active.length, active.size);
  for (const stage of stagesOf(state)) {
    assert.equal(state.openStages.includes(stage.plan.id), !stageEnded(stage));
    for (const leg of legsOf(stage)) checkLeg(state, leg);
  }
}

function checkLeg(state: JobState, leg: LegState): void {
  const records = leg.scripts.map((key) => theScript(state, key));
  const count = (is: string): number => records.filter((record) => record.state.is === is).length;
  assert.equal(leg.counts.pending, count("pending"));
  assert.equal(leg.counts.active, records.filter(({ state: { is } }) => isActive({ is } as never)).length);
  assert.equal(leg.counts.cancelled, count("cancelled"));
  const firstOpen = records.findIndex((record) => !scriptEnded(record.state));
  assert.equal(leg.first, firstOpen === -1 ? leg.scripts.length : firstOpen);
}

/** Rules that a journal shows by itself. `slots` bounds what is under way after each event. */
export function checkJournal(events: readonly Event[], slots: number): void {
  let state: JobState | null = null;
  for (const event of events) {
    if (state !== null && event.type === "ScriptScheduled") checkStart(state, event.script);
    state = evolve(state, event);
    assert.ok(state.slotsTaken <= slots, "no more slots than there are");
    if (event.type === "StageStarted") checkOrder(state, event.stage);
  }
}

function checkStart(state: JobState, key: string): void {
  assert.notEqual(state.status, "Paused", "no script starts while paused");
  if (state.status !== "Cancelling") return;
  const record = theScript(state, key);
  const stage = stageOf(state, record.stage);
  assert.ok(stage);
  const calls = [...statusFunctionsOf(record.plan), ...statusFunctionsOf(stage.plan)];
  assert.ok(
    calls.includes("always") || calls.includes("cancelled"),
    `${key} starts after a cancel without asking for it`,
  );
  assert.equal(state.cancel?.force, false, "nothing starts after a forced cancel");
}

function checkOrder(state: JobState, id: string): void {
  const stage = stageOf(state, id);
  assert.ok(stage);
  for (const before of [...stage.plan.needs, ...stage.plan.after]) {
    const other = stageOf(state, before);
    assert.ok(other && stageEnded(other), `${id} starts after ${before}`);
  }
}
