/** What scripts appended to the file that `AITHER_SUMMARY` names. A script may have put anything there. */
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AttemptRef, JobId } from "@aither/protocol";
import type { AttemptFiles } from "@aither/supervise";
import type { JobFolders } from "./job-folders.ts";
import { filesOf, jobFiles } from "./layout.ts";
import { leftOutLine } from "./left-out.ts";

/** Of one attempt; the rest is left out. */
export const SUMMARY_BYTES_MAX = 1024 * 1024;

export function summaryPath(files: AttemptFiles): string {
  return `${files.base}.summary`;
}

export class Summaries {
  readonly #folders: JobFolders;

  constructor(folders: JobFolders) {
    this.#folders = folders;
  }

  async file(jobId: JobId): Promise<string | null> {
    const folder = await this.#folders.find(jobId);
    if (folder === undefined) return null;
    const path = join(folder, jobFiles.summary);
    return stat(path).then(
      () => path,
      () => null,
    );
  }

  /** As it was written, unmasked; "" when there is none. */
  async read(ref: AttemptRef): Promise<string> {
    const folder = await this.#folders.find(ref.jobId);
    if (folder === undefined) return "";
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(summaryPath(filesOf(folder, ref)), flags).catch(() => null);
    if (handle === null) return "";
    try {
      const found = await handle.stat();
      if (!found.isFile()) return "";
      const bytes = Buffer.alloc(Math.min(SUMMARY_BYTES_MAX, found.size));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      const text = bytes.toString("utf8", 0, bytesRead);
      if (found.size <= SUMMARY_BYTES_MAX) return text;
      const whole = text.slice(0, text.lastIndexOf("\n") + 1);
      return `${whole}${leftOutLine(found.size - Buffer.byteLength(whole))}\n`;
    } finally {
      await handle.close();
    }
  }
}
