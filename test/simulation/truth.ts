import { evolve, type JobState } from "@aither/core";
import type { Event, JobId, LegPlan, ScriptPlan, StagePlan } from "@aither/protocol";
import type { AttemptName, Happened, History } from "./history.ts";
import type { World } from "./world.ts";

/** One process of the ledger. `endIndex` and `endedAtMs` are Infinity while it lives. */
export type Run = {
  readonly attempt: AttemptName;
  readonly pid: number;
  readonly mute: boolean;
  readonly startedAtMs: number;
  readonly startIndex: number;
  endedAtMs: number;
  endIndex: number;
  exitCode: number | null;
  /** Its wrapper wrote that down, and no power cut took it away. */
  recorded: boolean;
};

/** When a daemon was there to do anything: in true time. */
export type Span = { readonly fromMs: number; toMs: number };

export type Place = {
  readonly script: ScriptPlan;
  readonly stage: StagePlan;
  readonly leg: LegPlan;
};

/** A job as its journal tells, with everything a checker wants to look up. */
export type JobTruth = {
  readonly id: JobId;
  readonly events: readonly Event[];
  /** null when the journal cannot be folded. */
  readonly state: JobState | null;
  /** The states on the way there, one after each event. */
  readonly states: readonly JobState[];
  readonly foldError: string | null;
  readonly places: ReadonlyMap<string, Place>;
  readonly stages: ReadonlyMap<string, StagePlan>;
  readonly runs: readonly Run[];
};

export type Truth = {
  readonly history: History;
  readonly all: readonly Happened[];
  readonly slots: number;
  readonly jobs: readonly JobTruth[];
  readonly runs: readonly Run[];
  readonly open: readonly Span[];
  readonly endMs: number;
  /** Where in the history an event became durable; undefined when it never did. */
  readonly durableAt: (jobId: JobId, seq: number) => Happened | undefined;
};

/** One promise of the engine, and how to see that it was broken. */
export type Checker = {
  readonly name: string;
  readonly find: (truth: Truth) => Iterable<string>;
};

export function readTruth(world: World): Truth {
  const { history } = world;
  const durable = new Map<string, Happened>();
  for (const one of history.all) {
    if (one.is === "durable") durable.set(`${one.event.jobId} ${one.event.seq}`, one);
  }
  const runs = readRuns(history);
  return {
    history,
    all: history.all,
    slots: world.slots,
    jobs: world.disk.jobs().map((id) => readJob(id, world.disk.journal(id), runs)),
    runs,
    open: readOpen(history, world.schedule.nowMs),
    endMs: world.schedule.nowMs,
    durableAt: (jobId, seq) => durable.get(`${jobId} ${seq}`),
  };
}

/**
 * Was something that became due at `dueMs` still not done although a daemon had `withinMs` on end to do it?
 * `doneMs` is Infinity when it never was.
 */
export function overdue(truth: Truth, what: { dueMs: number; withinMs: number; doneMs: number }): boolean {
  return truth.open.some(({ fromMs, toMs }) => {
    const latestMs = Math.max(what.dueMs, fromMs) + what.withinMs;
    return latestMs <= toMs && what.doneMs > latestMs;
  });
}

export function nameOfAttempt(attempt: AttemptName): string {
  return `${attempt.jobId} ${attempt.script}#${attempt.attempt}`;
}

/** All time a script's stop ladder may take. */
export function ladderMs(script: ScriptPlan): number {
  return script.stopLadder.reduce((sum, rung) => sum + rung.afterMs, 0);
}

function readRuns(history: History): Run[] {
  const runs = new Map<number, Run>();
  for (const one of history.all) {
    if (one.is === "process-started") {
      runs.set(one.pid, {
        attempt: one.attempt,
        pid: one.pid,
        mute: one.mute,
        startedAtMs: one.atMs,
        startIndex: one.index,
        endedAtMs: Infinity,
        endIndex: Infinity,
        exitCode: null,
        recorded: false,
      });
    }
    if (one.is === "forgotten") {
      for (const run of runs.values())
        if (nameOfAttempt(run.attempt) === nameOfAttempt(one.attempt)) run.recorded = false;
    }
    const run = one.is === "process-ended" ? runs.get(one.pid) : undefined;
    if (one.is === "process-ended" && run !== undefined) {
      run.endedAtMs = one.atMs;
      run.endIndex = one.index;
      run.exitCode = one.exitCode;
      run.recorded = one.recorded;
    }
  }
  return [...runs.values()];
}

function readOpen(history: History, endMs: number): Span[] {
  const spans: Span[] = [];
  for (const one of history.all) {
    if (one.is === "open") spans.push({ fromMs: one.atMs, toMs: endMs });
    const last = spans.at(-1);
    if (one.is === "crashed" && last !== undefined) last.toMs = Math.min(last.toMs, one.atMs);
  }
  return spans;
}

function readJob(id: JobId, events: readonly Event[], runs: readonly Run[]): JobTruth {
  const places = new Map<string, Place>();
  const stages = new Map<string, StagePlan>();
  const first = events[0];
  for (const stage of first?.type === "OrchestrationQueued" ? first.plan.stages : []) {
    stages.set(stage.id, stage);
    addPlaces(places, stage, stage.legs ?? []);
  }
  for (const event of events) {
    const stage = event.type === "StageExpanded" ? stages.get(event.stage) : undefined;
    if (event.type === "StageExpanded" && stage !== undefined) addPlaces(places, stage, event.legs);
  }
  return {
    id,
    events,
    ...foldAll(events),
    places,
    stages,
    runs: runs.filter((run) => run.attempt.jobId === id),
  };
}

function addPlaces(places: Map<string, Place>, stage: StagePlan, legs: readonly LegPlan[]): void {
  for (const leg of legs) {
    for (const script of leg.scripts) places.set(script.key, { script, stage, leg });
  }
}

function foldAll(events: readonly Event[]): Pick<JobTruth, "state" | "states" | "foldError"> {
  const states: JobState[] = [];
  try {
    for (const event of events) states.push(evolve(states.at(-1) ?? null, event));
  } catch (error) {
    return { state: null, states, foldError: String(error) };
  }
  return { state: states.at(-1) ?? null, states, foldError: null };
}
