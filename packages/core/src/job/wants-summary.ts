import type { JobState } from "./state.ts";

/** Whether a summary was asked for, by whoever started the job or by its playbook. */
export function wantsSummary({ options, plan }: Pick<JobState, "options" | "plan">): boolean {
  return options.generateSummary || plan.summary === true;
}
