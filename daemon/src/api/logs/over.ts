import { scriptOf } from "@aither/core";
import type { Host, OutputRef } from "../../host.ts";

/** True when nobody will write to this attempt any more, as far as the facts say. */
export function isOver({ engine }: Pick<Host, "engine">, { jobId, script, attempt }: OutputRef): boolean {
  const state = engine.job(jobId);
  if (state === undefined) return true;
  const record = scriptOf(state, script)?.attempts.find((tried) => tried.attempt === attempt);
  return record !== undefined && record.end !== "open";
}
