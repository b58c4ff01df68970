import type { Observation } from "@aither/core";
import { planOf } from "@aither/core/testing";
import type { AttemptRef, Event, Handle, Instant, JobId, Plan, ScriptPlan } from "@aither/protocol";
import type { EngineOptions, StartRequest } from "../face.ts";
import type { EnsureRequest, Executor, FreezeRequest, SignalRequest } from "../ports/executor.ts";
import { JournalConflict, type Journal } from "../ports/journal.ts";

/** A journal in memory whose disk can be held up, and can fail. */
export class FakeJournal implements Journal {
  readonly files = new Map<JobId, Event[]>();
  readonly active = new Set<JobId>();
  readonly appends: { jobId: JobId; types: string[] }[] = [];
  fails: Error | null = null;
  #gate: Promise<void> = Promise.resolve();

  /** Appends wait from now on; the answer lets them go on. */
  hold(): () => void {
    let open = (): void => {};
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }

  async append(jobId: JobId, expectedSeq: number, events: readonly Event[]): Promise<void> {
    this.appends.push({ jobId, types: events.map(({ type }) => type) });
    this.active.add(jobId);
    await this.#gate;
    await nextTurn();
    if (this.fails !== null) throw this.fails;
    const file = this.files.get(jobId) ?? [];
    if (file.length !== expectedSeq) {
      throw new JournalConflict({ jobId, expectedSeq, foundSeq: file.length });
    }
    this.files.set(jobId, [...file, ...events]);
  }

  async *read(jobId: JobId): AsyncGenerator<Event> {
    await nextTurn();
    for (const event of this.files.get(jobId) ?? []) yield JSON.parse(JSON.stringify(event)) as Event;
  }

  async openJobs(): Promise<readonly JobId[]> {
    await nextTurn();
    return [...this.active];
  }

  readonly aside: string[] = [];
  async recover(jobId: JobId, take: (event: Event) => void): Promise<boolean> {
    for await (const event of this.read(jobId)) {
      try {
        take(event);
      } catch {
        this.aside.push(`${jobId} ${event.seq}`);
        return false;
      }
    }
    return true;
  }

  async retire(jobId: JobId): Promise<void> {
    await nextTurn();
    this.active.delete(jobId);
  }

  types(jobId: JobId): string[] {
    return (this.files.get(jobId) ?? []).map(({ type }) => type);
  }
}

/** An executor that only takes notes; the test says what happened. */
export class FakeExecutor implements Executor {
  readonly name = "fake";
  readonly slots = 100;
  readonly ensured: EnsureRequest[] = [];
  readonly signalled: SignalRequest[] = [];
  readonly frozen: FreezeRequest[] = [];
  readonly released: AttemptRef[] = [];
  #listener: (observation: Observation) => void = () => {};

  ensure(request: EnsureRequest): void {
    this.ensured.push(request);
  }

  signal(request: SignalRequest): void {
    this.signalled.push(request);
  }

  freeze(request: FreezeRequest): void {
    this.frozen.push(request);
  }

  release(ref: AttemptRef): void {
    this.released.push(ref);
  }

  onObservation(listener: (observation: Observation) => void): void {
    this.#listener = listener;
  }

  observe(observation: Observation): void {
    this.#listener(observation);
  }

  started(ref: AttemptRef): void {
    this.observe({ is: "started", ref, handle });
  }

  exited(ref: AttemptRef, exitCode = 0): void {
    this.observe({
      is: "exited",
      ref,
      exitCode,
      signal: null,
      endedAtMs: instant.wallMs,
      handle,
      outputs: {},
      leftovers: [],
    });
  }
}

export const instant: Instant = { wallMs: 1_750_000_000_000, monotonicMs: 60_000, bootId: "boot" };
export const handle: Handle = { bootId: "boot", pid: 7, startTime: "1", startedAtMs: instant.wallMs };

/** Everything an engine wants. Time stands still; what waits for it waits for ever. */
export function fakes(journal = new FakeJournal()) {
  const executor = new FakeExecutor();
  const fatal: unknown[] = [];
  let last = journal.files.size;
  const options: EngineOptions = {
    clock: {
      now: () => instant,
      after: (delayMs, callback) => {
        if (delayMs > 0) return () => {};
        const soon = setImmediate(callback);
        return () => clearImmediate(soon);
      },
    },
    journal,
    executor,
    ids: { jobId: () => `job-${++last}`, jobNumber: () => last, daemonId: "daemon" },
    slots: 4,
    onFatal: (error) => fatal.push(error),
    downSince: null,
  };
  return { journal, executor, fatal, options };
}

export function request(given: Partial<StartRequest> = {}): StartRequest {
  return {
    requestId: null,
    name: "a job",
    plan: plan(),
    options: { useCache: false, generateSummary: false, priority: 0 },
    by: "test",
    parent: null,
    passedBefore: [],
    ...given,
  };
}

/** One stage `s` with these scripts (`s/1`, `s/2` …), one after another. */
export function plan(scripts: readonly Partial<ScriptPlan>[] = [{}]): Plan {
  const given = scripts.map((fields, at) => ({
    ...atOnce,
    id: null,
    key: `s/${at + 1}`,
    name: `s/${at + 1}`,
    ...fields,
  }));
  return planOf([{ id: "s", scripts: given }], { name: "plan" });
}

const atOnce: Partial<ScriptPlan> = {
  backoff: { initialMs: 0, factor: 1, maxMs: 0 },
  successExitCodes: [0],
  stopLadder: [{ signal: "KILL", afterMs: 0 }],
};

/** Lets everything that can go on go on. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Waits until something is the case, looking once a turn of the loop. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns++) {
    if (turns > 1_000) throw new Error("it did not come to that");
    await nextTurn();
  }
}
