import type { Checker } from "../truth.ts";

/** A journal counts 1, 2, 3 …, and so does what one life publishes of a job; positions count over all jobs. */
export const seqGapless: Checker = {
  name: "seq-gapless",
  *find(truth) {
    for (const { id, events } of truth.jobs) {
      const wrong = events.findIndex((event, index) => event.seq !== index + 1);
      if (wrong >= 0) yield `${id}: line ${wrong + 1} of its journal has seq ${events[wrong]?.seq}`;
      if (events[0]?.type !== "OrchestrationQueued") yield `${id} begins with ${events[0]?.type}`;
    }
    const last = new Map<string, number>();
    const positions = new Map<number, number>();
    for (const one of truth.all) {
      if (one.is !== "published") continue;
      const { life, event, position } = one;
      const before = last.get(`${life} ${event.jobId}`);
      if (before !== undefined && event.seq !== before + 1) {
        yield `${event.jobId}: published seq ${event.seq} after ${before}`;
      }
      last.set(`${life} ${event.jobId}`, event.seq);
      if (position !== (positions.get(life) ?? 0) + 1) yield `position ${position} in life ${life}`;
      positions.set(life, position);
    }
  },
};
