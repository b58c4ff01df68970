/** What came of the reports that a job's playbook wants in its workspace: `reports.json`, beside the job's other files. */
import { join } from "node:path";
import type { JobState } from "@aither/core";
import type { JobId, ReportView } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import { errorCode } from "./errors.ts";
import type { JobFolders } from "./job-folders.ts";
import { jobFiles } from "./layout.ts";

export class ReportNotes {
  readonly #fs: DurableFs;
  readonly #folders: JobFolders;

  constructor(fs: DurableFs, folders: JobFolders) {
    this.#fs = fs;
    this.#folders = folders;
  }

  async write(jobId: JobId, reports: readonly ReportView[]): Promise<void> {
    const path = await this.#path(jobId);
    if (path === null || reports.length === 0) return;
    await this.#fs.writeAtomic(path, Buffer.from(`${JSON.stringify(reports, null, 2)}\n`));
  }

  /**
   * Those whose turn has not come are pending, as all are while the job goes on. Of a job that was put away without such
   * notes (there were none yet, or they could not be written) nothing is known.
   */
  async list({ id, plan: { reports = [] } }: JobState): Promise<readonly ReportView[]> {
    if (reports.length === 0) return [];
    const known = await this.#read(id);
    if (known.length === 0 && !(await this.#folders.isLinked(id))) return [];
    return reports.map(
      ({ path, format }, index) => known[index] ?? { path, format, status: "pending" as const, detail: "" },
    );
  }

  async #read(jobId: JobId): Promise<readonly ReportView[]> {
    const path = await this.#path(jobId);
    if (path === null) return [];
    try {
      return JSON.parse((await this.#fs.readFile(path)).toString("utf8")) as ReportView[];
    } catch (error) {
      if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return [];
      throw error;
    }
  }

  async #path(jobId: JobId): Promise<string | null> {
    const folder = await this.#folders.find(jobId);
    return folder === undefined ? null : join(folder, jobFiles.reports);
  }
}
