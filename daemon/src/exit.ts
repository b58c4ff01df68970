/** Small things of the first and last moments. */
import { unlink } from "node:fs/promises";
import { problemKey, problems, type Problem } from "@aither/protocol";
import { errorCode } from "./store/errors.ts";

export function exitCodeOf(problem: Problem): number {
  return problems[problemKey(problem.code)].exit;
}

export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
