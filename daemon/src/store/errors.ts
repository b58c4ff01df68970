/** What can be wrong with what is on disk. */
import type { JobId } from "@aither/protocol";
import { SyncFailed } from "@aither/supervise";

/** `ENOENT` and the like, whatever was thrown. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** The disk is full or broken: nobody's script is to blame. */
export function isDiskFailure(error: unknown): boolean {
  if (error instanceof SyncFailed) return true;
  return ["ENOSPC", "EDQUOT", "EIO", "EROFS"].includes(errorCode(error) ?? "");
}

/** Something in the middle of a journal cannot be read. The job is set aside, and nothing of it is touched. */
export class JournalDamaged extends Error {
  readonly jobId: JobId;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  constructor(at: { jobId: JobId; file: string; line: number }, what: string) {
    super(`${at.file}:${at.line}: ${what}`);
    this.name = "JournalDamaged";
    this.jobId = at.jobId;
    this.file = at.file;
    this.line = at.line;
  }
}

/** Written by a newer aither: to be listed, never continued. */
export class JournalNewer extends Error {
  readonly jobId: JobId;
  readonly version: number;
  constructor(jobId: JobId, version: number) {
    super(`the journal of ${jobId} has events of version ${version}, newer than this aither knows`);
    this.name = "JournalNewer";
    this.jobId = jobId;
    this.version = version;
  }
}
