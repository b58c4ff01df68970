import type { Event, EventOf } from "@aither/protocol";
import type { Checker, JobTruth } from "../truth.ts";

/** A matrix becomes legs once, after what tells it has ended, and they are what was told; nothing starts before. */
export const expandedAsTold: Checker = {
  name: "expanded-as-told",
  *find(truth) {
    for (const job of truth.jobs) {
      const made = new Map<string, number>();
      for (const event of job.events) {
        if (event.type === "StageExpanded") {
          if (made.has(event.stage)) yield `${job.id} seq ${event.seq}: ${event.stage} gets legs a second time`;
          made.set(event.stage, event.seq);
          yield* asTold(job, event);
        }
        if (event.type !== "StageStarted" || job.stages.get(event.stage)?.legs !== null) continue;
        if (!made.has(event.stage)) yield `${job.id} seq ${event.seq}: ${event.stage} starts without legs`;
      }
    }
  },
};

function* asTold(job: JobTruth, event: EventOf<"StageExpanded">): Iterable<string> {
  const [need] = job.stages.get(event.stage)?.dynamic?.needs ?? [];
  const told = job.events.find((one): one is EventOf<"StageCompleted"> => isEndOf(one, need) && one.seq < event.seq);
  const cells = JSON.stringify(event.legs.map(({ matrix }) => matrix["cell"]));
  const text = JSON.stringify(told?.outputs?.["cells"]);
  if (told === undefined) yield `${job.id} seq ${event.seq}: ${event.stage} gets legs before ${need} told any`;
  else if (JSON.stringify(cells) !== text) {
    yield `${job.id} seq ${event.seq}: ${event.stage} has ${cells}, but was told ${text}`;
  }
}

function isEndOf(event: Event, stage: string | undefined): boolean {
  return event.type === "StageCompleted" && event.leg === undefined && event.stage === stage;
}
