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
  return ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EFBIG"].includes(errorCode(error) ?? "");
}

/** Something that is the truth about a job cannot be read. The job is set aside, and nothing of it is touched. */
export class JournalDamaged extends Error {
  readonly jobId: JobId;
  readonly file: string;
  /** From 1; null when it is no matter of one line. */
  readonly line: number | null;
  constructor(at: { jobId: JobId; file: string; line: number | null }, what: string) {
    super(`${at.file}${at.line === null ? "" : `:${at.line}`}: ${what}`);
    this.name = "JournalDamaged";
    this.jobId = at.jobId;
    this.file = at.file;
    this.line = at.line;
  }
}

/** Written by a newer aither: to be listed, never continued. */
export class JournalNewer extends Error {
  readonly jobId: JobId;
  readonly file: string;
  readonly line: number;
  constructor(at: { jobId: JobId; file: string; line: number }, what: string) {
    super(`${at.file}:${at.line}: ${what}, newer than this aither knows`);
    this.name = "JournalNewer";
    this.jobId = at.jobId;
    this.file = at.file;
    this.line = at.line;
  }
}
