/**
 * Taking a finished job away, whole: `jobs/<date>/<id>` is moved to `removing/<id>` and that is the moment it is gone; its
 * tombstone in the index and the emptying of the folder follow. Whoever dies in between leaves a folder in `removing/`,
 * and the next life finishes what it says.
 */
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JobId } from "@aither/protocol";
import type { DurableFs } from "@aither/supervise";
import type { Log } from "../host.ts";
import { errorCode } from "./errors.ts";
import type { JobIndex } from "./index.ts";
import type { JobFolders } from "./job-folders.ts";
import { isJobId, type Layout } from "./layout.ts";

export type RemovalsOptions = {
  readonly fs: DurableFs;
  readonly layout: Layout;
  readonly folders: JobFolders;
  readonly index: JobIndex;
  readonly log: Log;
};

export class Removals {
  readonly #options: RemovalsOptions;
  #emptying: Promise<void> = Promise.resolve();

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /** What an earlier life began: nobody may see those jobs again. Their folders are emptied in the background. */
  async open(): Promise<void> {
    const { fs, layout, index, log } = this.#options;
    const begun = (await this.#names()).filter(isJobId);
    if (begun.length === 0) return;
    const listed = await index.collect(
      ({ jobId }) => begun.includes(jobId),
      (kept) => kept.length === begun.length,
    );
    for (const { jobId, number } of listed) await index.remove({ jobId, number });
    log.info({ jobs: begun.length }, "jobs whose removal was begun are removed now");
    for (const jobId of begun) {
      // Whatever was in the way of the move: what stands there is what was to go.
      await fs.unlink(join(layout.active, jobId));
      this.#empty(jobId);
    }
  }

  /** Resolves when the job is gone for everybody and for ever; its files go a little later. */
  async remove(job: { jobId: JobId; number: number }, folder: string): Promise<void> {
    const { fs, layout, folders, index } = this.#options;
    const { jobId } = job;
    await fs.makeDir(layout.removing);
    await fs.rename(folder, join(layout.removing, jobId));
    folders.forget(jobId);
    // The new name before the old one goes: a power cut between them leaves both, or the new one, and never none.
    await fs.syncDir(layout.removing);
    await fs.syncDir(dirname(folder));
    await index.remove(job);
    this.#empty(jobId);
    await folders.removeDayOf(folder);
    await this.#emptying;
  }

  async close(): Promise<void> {
    await this.#emptying;
  }

  /** One folder after the other: removing a thousand jobs is no reason for anybody else's file to wait. */
  #empty(jobId: JobId): void {
    const { layout, log } = this.#options;
    this.#emptying = this.#emptying.then(async () => {
      try {
        await rm(join(layout.removing, jobId), { recursive: true, force: true });
      } catch (error) {
        log.warn(
          { jobId, reason: String(error) },
          "files of a removed job could not be removed; the next life tries again",
        );
      }
    });
  }

  async #names(): Promise<string[]> {
    try {
      return await this.#options.fs.readDir(this.#options.layout.removing);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }
}
