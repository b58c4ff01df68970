/** Small things of the first and last moments. */
import { unlink } from "node:fs/promises";
import { problemKey, problems, type Problem } from "@aither/protocol";
import { errorCode } from "./store/errors.ts";

/** The disk failed; a new life replays what is known to be on it. */
export const EXIT_DISK_FAILED = 74;

/** What the daemon ends with. For commands a failed disk is a daemon that cannot be reached; the daemon names it. */
export function exitCodeOf(problem: Problem): number {
  const key = problemKey(problem.code);
  return key === "DISK_FAILED" ? EXIT_DISK_FAILED : problems[key].exit;
}

export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
