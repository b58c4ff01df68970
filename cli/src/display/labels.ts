import type { JobDetail } from "@aither/protocol";
import { scriptTitle } from "./tree.ts";

/** What stands in front of a script's lines: `Unit Tests › [0402] Run-UnitTests`, by the script's key. */
export function labels(job: Pick<JobDetail, "stages">): Map<string, string> {
  const found = new Map<string, string>();
  for (const stage of job.stages) {
    for (const leg of stage.legs) {
      const place = leg.name === "" ? stage.name : `${stage.name} [${leg.name}]`;
      for (const script of leg.scripts) {
        const title = scriptTitle(script);
        found.set(script.key, title === place || title.endsWith(`] ${place}`) ? title : `${place} › ${title}`);
      }
    }
  }
  return found;
}
