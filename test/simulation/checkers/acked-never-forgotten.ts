import type { Checker } from "../truth.ts";

/** What was answered with yes is in the journal for ever, and a repeated request is the same job. */
export const ackedNeverForgotten: Checker = {
  name: "acked-never-forgotten",
  *find(truth) {
    const jobs = new Map(truth.jobs.map((job) => [job.id, job]));
    const byRequest = new Map<string, string>();
    for (const one of truth.all) {
      if (one.is === "answered-start" && one.outcome.ok) {
        const { id } = one.outcome.value;
        const first = jobs.get(id)?.events[0];
        if (first?.type !== "OrchestrationQueued" || first.requestId !== one.requestId) {
          yield `${one.requestId} was accepted as ${id}, and there is no such job`;
        }
        const known = byRequest.get(one.requestId) ?? id;
        if (known !== id) yield `${one.requestId} became two jobs: ${known} and ${id}`;
        byRequest.set(one.requestId, known);
      }
      if (one.is === "answered" && one.outcome.ok && one.command.is === "cancel") {
        const asked = jobs.get(one.jobId)?.events.some(({ type }) => type === "OrchestrationCancelRequested");
        if (!asked) yield `the cancel of ${one.jobId} was accepted and is not in its journal`;
      }
    }
    const requests = new Map<string, string>();
    for (const { id, state } of truth.jobs) {
      const requestId = state?.requestId ?? null;
      if (requestId === null) continue;
      const other = requests.get(requestId);
      if (other !== undefined) yield `${requestId} became two jobs: ${other} and ${id}`;
      requests.set(requestId, id);
    }
  },
};
