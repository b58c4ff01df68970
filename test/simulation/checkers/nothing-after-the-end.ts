import type { Event } from "@aither/protocol";
import type { Checker } from "../truth.ts";

const jobEnds = new Set(["OrchestrationCompleted", "OrchestrationFailed", "OrchestrationCancelled"]);
const scriptEnds = new Set(["ScriptCompleted", "ScriptFailed", "ScriptSkipped", "ScriptCancelled"]);
const stageEnds = new Set(["StageCompleted", "StageFailed", "StageSkipped", "StageCancelled"]);

/** What has ended stays so: no fact about a job, a stage, a leg or a script comes after its end. */
export const nothingAfterTheEnd: Checker = {
  name: "nothing-after-the-end",
  *find(truth) {
    for (const { id, events } of truth.jobs) {
      const ended = new Set<string>();
      for (const event of events) {
        for (const subject of subjects(event)) {
          if (ended.has(subject)) yield `${id} seq ${event.seq}: ${event.type} after the end of ${subject}`;
        }
        const own = subjects(event).at(-1);
        const ends = jobEnds.has(event.type) || scriptEnds.has(event.type) || stageEnds.has(event.type);
        if (ends && own !== undefined) ended.add(own);
      }
    }
  },
};

/** What an event is about, from the whole to its part. */
function subjects(event: Event): string[] {
  if ("script" in event) return ["the job", `script ${event.script}`];
  if ("stage" in event) {
    const stage = `stage ${event.stage}`;
    const leg = "leg" in event ? event.leg : undefined;
    return leg === undefined ? ["the job", stage] : ["the job", stage, `${stage}, leg ${leg}`];
  }
  return ["the job"];
}
