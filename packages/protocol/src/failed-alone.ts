/** Who failed although nothing that it ran did: else nobody who lists the scripts that failed would name the cause. */
import type { JobDetail, StageView } from "./job.ts";

/**
 * The stages that failed by themselves, in order: a matrix that could not be made, a condition that cannot be decided, a
 * time limit before anything ran, criteria that were not met. Their `reason` says which.
 */
export function failedAlone({ stages }: Pick<JobDetail, "stages">): StageView[] {
  return stages.filter((stage) => {
    if (stage.status !== "Failed") return false;
    const ofItsOwn = stage.legs.some(({ scripts }) => scripts.some(isFailure));
    return !ofItsOwn && !stages.some((part) => part.within === stage.id && isFailure(part));
  });
}

function isFailure({ status, continueOnError }: { status: string; continueOnError: boolean }): boolean {
  return status === "Failed" && !continueOnError;
}
