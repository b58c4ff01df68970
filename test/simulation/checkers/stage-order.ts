import { nameOfAttempt, type Checker, type JobTruth, type Truth } from "../truth.ts";

/** By the processes' own ledger: a stage begins after all it needs has ended, a script after those written before it. */
export const stageOrder: Checker = {
  name: "stage-order",
  *find(truth) {
    for (const job of truth.jobs) {
      const ends = stageEnds(truth, job);
      for (const run of job.runs) {
        const place = job.places.get(run.attempt.script);
        if (place === undefined) {
          yield `${nameOfAttempt(run.attempt)} is not in the plan`;
          continue;
        }
        const { stage, leg } = place;
        if (stage.decision === "skip") {
          yield `${nameOfAttempt(run.attempt)} ran, but ${stage.id} was to be skipped`;
        }
        for (const need of [...stage.needs, ...stage.after]) {
          if ((ends.get(need) ?? Infinity) > run.startIndex) {
            yield `${nameOfAttempt(run.attempt)} was started before stage ${need} had ended`;
          }
        }
        const before = ancestorsOf(job, stage.id);
        const late = job.runs.find(
          (other) =>
            before.has(job.places.get(other.attempt.script)?.stage.id ?? "") && other.endIndex > run.startIndex,
        );
        if (late !== undefined) {
          yield `${nameOfAttempt(run.attempt)} was started while ${nameOfAttempt(late.attempt)} ran or before it`;
        }
        const index = leg.scripts.indexOf(place.script);
        // One that runs alone waits for all before it, and all behind it wait for it.
        const inOrder = stage.parallel === 1 || place.script.alone === true;
        const scripts = leg.scripts.slice(0, index).filter((script) => inOrder || script.alone === true);
        const overtaken = job.runs.find(
          (other) => scripts.some((script) => script.key === other.attempt.script) && other.endIndex > run.startIndex,
        );
        if (overtaken !== undefined) {
          yield `${nameOfAttempt(run.attempt)} overtook ${nameOfAttempt(overtaken.attempt)}`;
        }
      }
    }
  },
};

/** All stages that come before one, also behind those that were skipped. */
function ancestorsOf(job: JobTruth, id: string): ReadonlySet<string> {
  const ancestors = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const stage = job.stages.get(next);
    for (const before of [...(stage?.needs ?? []), ...(stage?.after ?? [])]) {
      if (ancestors.has(before)) continue;
      ancestors.add(before);
      open.push(before);
    }
  }
  return ancestors;
}

/** Where in the history the end of each stage became durable. */
function stageEnds(truth: Truth, job: JobTruth): Map<string, number> {
  const ends = new Map<string, number>();
  for (const event of job.events) {
    const ended =
      event.type === "StageCompleted" ||
      event.type === "StageFailed" ||
      event.type === "StageSkipped" ||
      event.type === "StageCancelled";
    if (ended && event.leg === undefined) {
      ends.set(event.stage, truth.durableAt(job.id, event.seq)?.index ?? Infinity);
    }
  }
  return ends;
}
