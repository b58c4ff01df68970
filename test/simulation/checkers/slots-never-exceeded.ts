import type { Checker, JobTruth, Run, Truth } from "../truth.ts";

/** No more processes at once than there are slots; nor more than a leg, a stage or a plan allows. */
export const slotsNeverExceeded: Checker = {
  name: "slots-never-exceeded",
  *find(truth) {
    yield* most({ runs: truth.runs, allowed: truth.slots, of: () => "slots", truth });
    for (const job of truth.jobs) {
      yield* legs(truth, job);
      for (const stage of job.stages.values()) {
        const runs = job.runs.filter((run) => stageOf(job, run) === stage.id);
        const allowed = stage.maxParallel ?? Infinity;
        const of = (run: Run): string => job.places.get(run.attempt.script)?.leg.name ?? "";
        yield* most({ runs, allowed, of, truth, what: `legs of ${job.id} ${stage.id}` });
      }
      const first = job.events[0];
      const plan = first?.type === "OrchestrationQueued" ? first.plan : null;
      const allowed = plan?.maxConcurrency ?? Infinity;
      const of = (run: Run): string => stageOf(job, run);
      yield* most({ runs: job.runs, allowed, of, truth, what: `stages of ${job.id}` });
    }
  },
};

function* legs(truth: Truth, job: JobTruth): Iterable<string> {
  const byLeg = new Map<string, Run[]>();
  for (const run of job.runs) {
    const place = job.places.get(run.attempt.script);
    const name = `${place?.stage.id} ${place?.leg.name}`;
    byLeg.set(name, [...(byLeg.get(name) ?? []), run]);
  }
  for (const [name, runs] of byLeg) {
    const allowed = job.stages.get(name.split(" ")[0] ?? "")?.parallel ?? Infinity;
    yield* most({ runs, allowed, truth, what: `scripts of ${job.id} ${name}` });
  }
}

function stageOf(job: JobTruth, run: Run): string {
  return job.places.get(run.attempt.script)?.stage.id ?? "";
}

/** Counts, at each start, how many different `of` run (by default: how many runs). */
function* most(given: {
  runs: readonly Run[];
  allowed: number;
  truth: Truth;
  of?: (run: Run) => string;
  what?: string;
}): Iterable<string> {
  const { runs, allowed, what = "processes" } = given;
  if (runs.length <= allowed) return;
  for (const run of runs) {
    const live = runs.filter((other) => other.startIndex <= run.startIndex && other.endIndex > run.startIndex);
    const count = given.what === undefined || given.of === undefined ? live.length : new Set(live.map(given.of)).size;
    if (count > allowed) {
      yield `${count} ${what} at ${run.startedAtMs} ms, where ${allowed} are allowed`;
      return;
    }
  }
}
